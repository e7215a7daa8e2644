package exhaustion_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest/wiretest"
	"github.com/tokengraft/tokengraft/internal/certs/certstest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// openFiles is the limit of open files of the attacked program.
const openFiles = 4096

// A program is the attacked sidecar. If it ends before the test does, it starts again at
// the same addresses, as it would under systemd or Docker.
type program struct {
	public, admin e2e.Address
	tls           *tls.Config // of clients; nil without TLS
	options       e2e.Options
	pid           func() int // of the running program
	logged        atomic.Int64

	mu       sync.Mutex
	sidecar  *e2e.Sidecar
	restarts int
	stopping bool
}

// An environment says how the program runs.
type environment struct {
	program string
	wrapper []string
	pid     func(*e2e.Sidecar) int
	limits  string // setting
	// authority signs the certificate of the program. Nil means no TLS.
	authority *certstest.Authority
	gates     bool // the rules are gates
}

// settings returns the settings that differ, and those that differ in each rule.
func (in environment) settings(t *testing.T) (settings, rule string) {
	settings = in.limits
	if in.authority != nil {
		in.authority.Write(t, "server", "127.0.0.1", time.Hour)
		settings += fmt.Sprintf("tls: {cert_file: %s/server.pem, key_file: %[1]s/server.key}\n", in.authority.Dir)
	}
	if in.gates {
		rule = ", gate: true"
	}
	return settings, rule
}

// build builds the program.
func build(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "tokengraft")
	cmd := exec.Command("go", "build", "-o", path, ".")
	cmd.Dir = "../../.."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// startProgram starts the program in front of the backend. Its triggers call the
// function greet at each login.
func startProgram(t *testing.T, in environment, dir string, b *backend) *program {
	t.Helper()
	p := &program{public: e2e.FreeAddress(t), admin: e2e.FreeAddress(t)}
	if in.authority != nil {
		p.tls = &tls.Config{RootCAs: in.authority.Pool, ServerName: "127.0.0.1"}
	}
	functions := filepath.Join(dir, "functions")
	if err := os.Mkdir(functions, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(functions, "greet.js"), []byte(greet), 0o644); err != nil {
		t.Fatal(err)
	}
	settings, rule := in.settings(t)
	p.options = e2e.Options{
		Dir: dir, Program: in.program, Wrapper: in.wrapper, Log: func(line []byte) { p.logged.Add(int64(len(line))) },
		Env: []string{"GOGC=100"}, // as users run it
		Configuration: fmt.Sprintf(`listen: %s
admin: %s
backend: %s
timeouts: {dial: 20s}
rules:
  - {match: POST /login, tokens: ["json:access_token"]%[6]s}
  - {match: POST /token, tokens: ["json:access_token"]%[6]s}
  - {match: POST /padded, tokens: ["json:access_token"]%[6]s}
verify: {jwks: "%[3]s/jwks.json"}
sign: {keys: keys}
documents: {mongodb: {uri: "mongodb://%[4]s/?directConnection=true", database: app, collection: users, timeout: 5s}, user_id_field: _id, user_id_type: string}
functions: {dir: functions}
triggers: [{name: greet, operation: LOGIN, function: greet, wait: true}]
%[5]s`, p.public, p.admin, b.URL, serveDocuments(t), settings, rule),
	}
	p.start(t, in)
	t.Cleanup(func() { p.stop(t) })
	p.sidecar.WaitReady(t, "source", "jwks")
	return p
}

// start starts the program, and starts it again when it ends.
func (p *program) start(t *testing.T, in environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopping {
		return
	}
	s := e2e.Start(t, p.options)
	pid := in.pid(s)
	p.sidecar, p.pid = s, func() int { return pid }
	go func() {
		code := s.Wait()
		p.mu.Lock()
		stopping := p.stopping
		if !stopping {
			p.restarts++
		}
		p.mu.Unlock()
		if stopping {
			return
		}
		t.Logf("the program ended with exit code %d", code)
		p.start(t, in)
	}()
}

func (p *program) current() *e2e.Sidecar {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sidecar
}

func (p *program) currentPID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid()
}

func (p *program) restarted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.restarts
}

// stop stops the program and checks that its exit code is 0.
func (p *program) stop(t *testing.T) {
	p.mu.Lock()
	p.stopping = true
	s := p.sidecar
	p.mu.Unlock()
	s.Terminate()
	if code := s.Wait(); code != 0 {
		t.Errorf("serve: got exit code %d, want 0", code)
	}
	if t.Failed() {
		t.Logf("the log of the sidecar:\n%s", s.Log)
	}
}

// reload makes the program read its configuration. It returns how long that took, or an
// error after ten seconds.
func (p *program) reload() (time.Duration, error) {
	const done = "configuration unchanged"
	start, log := time.Now(), p.current().Log
	before := log.Count(done)
	if err := syscall.Kill(p.currentPID(), syscall.SIGHUP); err != nil {
		return 0, err
	}
	for time.Since(start) < patience {
		if log.Count(done) > before {
			return time.Since(start), nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return 0, fmt.Errorf("the configuration was not read within %v", patience)
}

// serveDocuments starts a MongoDB server that has a document for each honest user and
// each attacker, and returns its address.
func serveDocuments(t *testing.T) (address string) {
	t.Helper()
	server := wiretest.New()
	t.Cleanup(server.Close)
	server.GenerateDocuments(func(id string) string {
		if strings.HasPrefix(id, honestPrefix) || strings.HasPrefix(id, attackerPrefix) {
			return fmt.Sprintf(`{"_id":%q,"about":%[1]q}`, id)
		}
		return ""
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go server.Serve(listener)
	return listener.Addr().String()
}

// process returns an environment that runs the program as a process.
func process(t *testing.T) environment {
	return environment{
		program: build(t),
		wrapper: []string{"sh", "-c", fmt.Sprintf(`ulimit -n %d; exec "$@"`, openFiles), "sh"},
		pid:     func(s *e2e.Sidecar) int { return s.Process().Pid }, // sh has become the program
		limits:  processLimits,
	}
}

// container returns an environment that runs the program in a Docker container with
// 256 MiB of memory, and the name of the container.
func container(t *testing.T, dir string) (in environment, name string) {
	t.Helper()
	if out, err := exec.Command("docker", "info").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED, THE CONTAINER WAS NOT ATTACKED: no Docker engine: %v\n%s", err, out)
	}
	image := importImage(t, build(t))
	name = fmt.Sprintf("tokengraft-exhaustion-%d", os.Getpid())
	t.Cleanup(func() { exec.Command("docker", "rm", "-f", name).Run() })
	run := fmt.Sprintf(`docker rm -f %s >/dev/null 2>&1; exec docker run --name %[1]s --network host --read-only --cap-drop ALL `+
		`--memory 256m --memory-swap 256m --pids-limit 200 --ulimit nofile=%d:%[2]d -u %d:%d -e LOG_FORMAT=json -v %[5]s:%[5]s "$@"`,
		name, openFiles, os.Getuid(), os.Getgid(), dir)
	return environment{
		program: image, wrapper: []string{"sh", "-c", run, "sh"},
		pid: func(*e2e.Sidecar) int {
			var pid int
			fmt.Sscan(inspect(t, name, "{{.State.Pid}}"), &pid)
			return pid
		},
	}, name
}

// importImage makes an image of the program alone.
func importImage(t *testing.T, program string) (image string) {
	t.Helper()
	const name = "tokengraft-test-exhaustion"
	cmd := exec.Command("sh", "-c", fmt.Sprintf(`tar -C '%s' -c tokengraft | docker import --change 'ENTRYPOINT ["/tokengraft"]' - %s`, filepath.Dir(program), name))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker import: %v\n%s", err, out)
	}
	t.Cleanup(func() { exec.Command("docker", "image", "rm", "-f", name).Run() })
	return name
}

// inspect returns what Docker knows of a container.
func inspect(t *testing.T, name, format string) string {
	out, err := exec.Command("docker", "inspect", "-f", format, name).CombinedOutput()
	if err != nil {
		t.Errorf("docker inspect: %v\n%s", err, out)
	}
	return string(bytes.TrimSpace(out))
}
