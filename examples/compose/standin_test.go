package compose_test

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The images that the Dockerfile and docker-compose.yml name.
const (
	goImage      = "golang:1.26-bookworm"
	mongoImage   = "mongo:8"
	haproxyImage = "haproxy:3.2"
)

// toolsImage is busybox, for commands that the test runs in the network of a service.
const toolsImage = "tokengraft-test-tools"

// standIns builds a replacement, from programs on this machine, for each image that is
// not there. It reports whether the one of Go is a replacement.
func standIns(t *testing.T) (noGo bool) {
	t.Helper()
	for image, make := range map[string]func(*testing.T, *rootFS){
		goImage: goStandIn, mongoImage: mongoStandIn, haproxyImage: haproxyStandIn,
		toolsImage: func(_ *testing.T, r *rootFS) { r.busybox() },
	} {
		if exec.Command("docker", "image", "inspect", image).Run() == nil {
			continue
		}
		r := &rootFS{t: t, dir: t.TempDir()}
		make(t, r)
		r.importAs(image)
		noGo = noGo || image == goImage
	}
	return noGo
}

// rootFS is the file system of an image that is being built.
type rootFS struct {
	t       *testing.T
	dir     string
	changes []string // Dockerfile instructions
}

// goStandIn has Go, a shell, and the modules that go.mod needs as a module proxy of
// files.
func goStandIn(t *testing.T, r *rootFS) {
	r.busybox()
	r.copyTree(strings.TrimSpace(output(t, "go", "env", "GOROOT")), "/usr/local/go")
	r.copy("/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/ca-certificates.crt")
	cache := filepath.Join(strings.TrimSpace(output(t, "go", "env", "GOMODCACHE")), "cache", "download")
	r.mkdir("/proxy")
	// For versions that are not used but compared, Go needs only their go.mod.
	r.shell("sh", "-c", "cd '"+cache+"' && find . -name '*.mod' | tar -c -T - | tar -x -C '"+filepath.Join(r.dir, "proxy")+"'")
	cmd := exec.Command("go", "mod", "download", "-json")
	cmd.Dir = root
	listing, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(listing)))
	for {
		var module struct{ Info, Zip string }
		if err := decoder.Decode(&module); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{module.Info, module.Zip} {
			r.copy(file, filepath.Join("/proxy", strings.TrimPrefix(file, cache)))
		}
	}
	r.mkdir("/tmp")
	r.changes = []string{
		"ENV PATH=/usr/local/go/bin:/bin GOPROXY=file:///proxy GOSUMDB=off GOFLAGS=-mod=mod HOME=/tmp GOTOOLCHAIN=local",
	}
}

// mongoStandIn is FerretDB. It ignores mongod's arguments.
func mongoStandIn(t *testing.T, r *rootFS) {
	r.busybox()
	build := exec.Command("go", "build", "-C", filepath.Join(root, "examples", "testbed"), "-o", filepath.Join(r.dir, "ferretdb"), "./ferretdb")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r.mkdir("/data/db")
	r.changes = []string{`ENTRYPOINT ["/bin/sh", "-c", "exec /ferretdb /data/db 0.0.0.0:27017"]`}
}

// haproxyStandIn is haproxy with its libraries.
func haproxyStandIn(t *testing.T, r *rootFS) {
	path, err := exec.LookPath("haproxy")
	if err != nil {
		if path = "/usr/sbin/haproxy"; exec.Command(path, "-v").Run() != nil {
			t.Skip("SKIPPED, THE DEPLOYMENT WAS NOT TESTED: no haproxy; install Debian's")
		}
	}
	r.busybox()
	r.copy(path, "/usr/sbin/haproxy")
	for _, library := range regexp.MustCompile(`/\S+`).FindAllString(output(t, "ldd", path), -1) {
		r.copy(library, library)
	}
	r.changes = []string{`ENTRYPOINT ["/usr/sbin/haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]`}
}

// busybox gives the image a shell.
func (r *rootFS) busybox() {
	path, err := exec.LookPath("busybox")
	if err != nil {
		r.t.Skip("SKIPPED, THE DEPLOYMENT WAS NOT TESTED: no busybox; install Debian's busybox-static")
	}
	r.copy(path, "/bin/busybox")
	for _, name := range []string{"sh", "mkdir", "wget", "ls"} {
		if err := os.Symlink("busybox", filepath.Join(r.dir, "bin", name)); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *rootFS) mkdir(path string) {
	full := filepath.Join(r.dir, path)
	if err := os.MkdirAll(full, 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Chmod(full, 0o777); err != nil {
		r.t.Fatal(err)
	}
}

// copy copies a file of this machine into the image.
func (r *rootFS) copy(from, to string) {
	r.t.Helper()
	to = filepath.Join(r.dir, to)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		r.t.Fatal(err)
	}
	r.shell("cp", "-L", from, to)
}

func (r *rootFS) copyTree(from, to string) {
	r.t.Helper()
	to = filepath.Join(r.dir, to)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		r.t.Fatal(err)
	}
	r.shell("cp", "-rL", from, to)
}

// importAs creates an image from the file system.
func (r *rootFS) importAs(image string) {
	r.t.Helper()
	command := "tar -C '" + r.dir + "' -c . | docker import"
	for _, change := range r.changes {
		command += " --change '" + change + "'"
	}
	r.shell("sh", "-c", command+" - "+image)
	r.t.Cleanup(func() { exec.Command("docker", "image", "rm", "-f", image).Run() })
}

func (r *rootFS) shell(name string, args ...string) {
	r.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		r.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(out)
}
