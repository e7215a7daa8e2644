package packaging_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The package is installed for real, but above a layer: the machine's files show
// through, and what dpkg writes is in memory and ends with the test.
func TestDeb_IsInstalledStartedAndRemoved(t *testing.T) {
	deb := findDeb(t)
	before := machineState(t)
	m := newLayer(t)
	m.write("/tmp/tokengraft.deb", deb)

	t.Log(m.run("dpkg -i /tmp/tokengraft.deb"))
	if got, want := m.run("stat -c '%U:%G %a' /etc/tokengraft /etc/tokengraft/environment /var/lib/tokengraft"),
		"root:tokengraft 750\nroot:root 600\ntokengraft:tokengraft 700"; got != want {
		t.Errorf("owners and modes of the configuration, the environment and the state:\n%s\nwant:\n%s", got, want)
	}
	if got := m.run("tokengraft version"); !strings.Contains(got, " commit ") || strings.Contains(got, "unknown") {
		t.Errorf("tokengraft version: %s, want a version and a commit", got)
	}
	if got := m.run("ls /usr/share/man/man1/tokengraft.1.gz /usr/share/bash-completion/completions/tokengraft | wc -l"); got != "2" {
		t.Errorf("%s of the manual page and the completion are installed, want 2", got)
	}
	t.Log(m.run("! command -v systemd-analyze >/dev/null || systemd-analyze verify --man=no /usr/lib/systemd/system/tokengraft.service"))

	// As an administrator does, here with ports that are free on every machine.
	m.run("sed -i 's/^listen: .*/listen: 127.0.0.1:0\\nadmin: 127.0.0.1:0/' /etc/tokengraft/tokengraft.yaml")
	s := m.startService()
	if got := s.get(t, "/livez"); got != http.StatusOK {
		t.Errorf("GET /livez: status %d, want 200", got)
	}
	if got := m.run("stat -c %U /var/lib/tokengraft/keys"); got != "tokengraft" {
		t.Errorf("the directory of the signing keys belongs to %q, want tokengraft", got)
	}
	s.reload(t)
	s.stop(t)

	t.Log(m.run("dpkg -i /tmp/tokengraft.deb"))
	if got := m.run("grep -c '^admin: 127.0.0.1:0' /etc/tokengraft/tokengraft.yaml"); got != "1" {
		t.Error("installing again overwrites the administrator's configuration")
	}

	t.Log(m.run("dpkg -r tokengraft"))
	if got, want := m.run("ls -d /usr/bin/tokengraft /etc/tokengraft/tokengraft.yaml /var/lib/tokengraft/keys 2>/dev/null || true"),
		"/etc/tokengraft/tokengraft.yaml\n/var/lib/tokengraft/keys"; got != want {
		t.Errorf("after dpkg -r there is:\n%s\nwant the configuration and the keys:\n%s", got, want)
	}
	t.Log(m.run("dpkg -P tokengraft"))
	if left := m.changed("*tokengraft*"); left != "" {
		t.Errorf("after dpkg -P there is:\n%s\nwant nothing", left)
	}

	m.close()
	if after := machineState(t); after != before {
		t.Errorf("the machine's users and packages have changed:\n%s\nwant:\n%s", after, before)
	}
}

// findDeb returns the package for this machine. It skips the test where it cannot
// be installed.
func findDeb(t *testing.T) (content []byte) {
	t.Helper()
	if os.Getenv("TOKENGRAFT_TEST_DEB") == "" {
		t.Skip("SKIPPED, THE DEB WAS NOT INSTALLED: it takes minutes to build and root to install; run `make deb`")
	}
	for _, tool := range []string{"dpkg", "unshare", "nsenter", "chroot", "mount", "setpriv", "systemd-sysusers"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED, THE DEB WAS NOT INSTALLED: there is no %s; on Debian, dpkg, util-linux and systemd have it", tool)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("SKIPPED, THE DEB WAS NOT INSTALLED: only root can install packages")
	}
	pattern := filepath.Join("generated", "dist", "tokengraft_*_linux_"+runtime.GOARCH+".deb")
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		t.Fatalf("packaging/%s: %d files, want one; `make deb` builds it", pattern, len(found))
	}
	content, err = os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// machineState returns what an installation would change.
func machineState(t *testing.T) string {
	t.Helper()
	var state strings.Builder
	for _, file := range []string{"/etc/passwd", "/etc/group", "/var/lib/dpkg/status", "/etc/tokengraft", "/usr/bin/tokengraft", "/var/lib/tokengraft"} {
		info, err := os.Stat(file)
		if err != nil {
			fmt.Fprintln(&state, file, "is missing")
			continue
		}
		fmt.Fprintln(&state, file, info.Size(), info.ModTime())
	}
	return state.String()
}

// A layer is a mount namespace in which the machine's files can be changed without
// a change of the machine.
type layer struct {
	t     *testing.T
	pid   string // of a process in it
	close func()
}

const layerScript = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
mount --rbind /dev /mnt/root/dev
mount -t proc proc /mnt/root/proc
mount -t tmpfs tmpfs /mnt/root/run
mount -t tmpfs tmpfs /mnt/root/tmp
echo ready
exec cat`

func newLayer(t *testing.T) *layer {
	t.Helper()
	cmd := exec.Command("unshare", "--mount", "sh", "-c", layerScript)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	m := &layer{t: t, pid: fmt.Sprint(cmd.Process.Pid), close: func() { stdin.Close() }}
	t.Cleanup(func() {
		m.close()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		m.close()
		_ = cmd.Wait()
		t.Skipf("SKIPPED, THE DEB WAS NOT INSTALLED: a layer above the machine's files cannot be mounted: %q %v %s", line, err, &stderr)
	}
	return m
}

// command returns a command of root in the layer.
func (m *layer) command(script string) *exec.Cmd {
	cmd := exec.Command("nsenter", "-t", m.pid, "-m", "chroot", "/mnt/root", "sh", "-c", script)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive"}
	return cmd
}

// changed returns the files that the layer has and the machine does not, by a
// pattern of their names.
func (m *layer) changed(name string) string {
	m.t.Helper()
	out, err := exec.Command("nsenter", "-t", m.pid, "-m", "find", "/mnt/upper", "-name", name).CombinedOutput()
	if err != nil {
		m.t.Fatalf("find: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// run runs a script as root and returns its output.
func (m *layer) run(script string) string {
	m.t.Helper()
	out, err := m.command(script).CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (m *layer) write(path string, content []byte) {
	m.t.Helper()
	cmd := m.command("cat >" + path)
	cmd.Stdin = strings.NewReader(string(content))
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("%s: %v\n%s", path, err, out)
	}
}

// A service is what systemd would start.
type service struct {
	cmd   *exec.Cmd
	admin string // address
	log   chan record
}

type record struct{ Level, Msg, Listener, Address string }

// startService runs the command line of the installed unit as its user, in its
// directory and with its environment.
func (m *layer) startService() *service {
	m.t.Helper()
	u := parseUnit(m.run("cat /usr/lib/systemd/system/tokengraft.service"))
	// Like systemd, root reads the environment, and the service gets no capabilities.
	cmd := m.command(fmt.Sprintf(
		"set -ae; . %s; umask %s; cd %s; exec setpriv --reuid=%s --regid=%s --clear-groups --bounding-set=-all --no-new-privs %s",
		strings.TrimPrefix(u["EnvironmentFile"], "-"), u["UMask"], u["WorkingDirectory"], u["User"], u["Group"], u["ExecStart"]))
	s := &service{cmd: cmd, log: make(chan record, 1000)}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Logf("as %s: %s", u["User"], u["ExecStart"])
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	go s.readLog(m.t, stderr)
	s.admin = s.wait(m.t, func(r record) bool { return r.Msg == "listening" && r.Listener == "admin" }).Address
	return s
}

func (s *service) readLog(t *testing.T, log io.Reader) {
	defer close(s.log)
	for lines := bufio.NewScanner(log); lines.Scan(); {
		t.Log(lines.Text())
		var r record
		if json.Unmarshal(lines.Bytes(), &r) == nil {
			s.log <- r
		}
	}
}

// wait returns the next record of the log that matches.
func (s *service) wait(t *testing.T, matches func(record) bool) record {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case r, open := <-s.log:
			if !open {
				t.Fatal("the service has ended before it logged what the test waits for")
			}
			if matches(r) {
				return r
			}
		case <-timeout:
			t.Fatal("the service has not logged for 30s what the test waits for")
		}
	}
}

func (s *service) get(t *testing.T, path string) (status int) {
	t.Helper()
	response, err := http.Get("http://" + s.admin + path)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// reload does what ExecReload does.
func (s *service) reload(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.wait(t, func(r record) bool { return r.Level == "INFO" && strings.Contains(r.Msg, "configuration") })
}

// stop does what `systemctl stop` does.
func (s *service) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for range s.log { // until it ends
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("stopped by SIGTERM, the service ends with %v, want exit code 0", err)
	}
}
