package compose_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// compose runs the deployment, with the Compose plugin or with docker-compose.
type compose struct {
	t           *testing.T
	command     []string
	env         []string
	lastMetrics string
}

// newCompose creates the replacement images, and removes everything at the end of the
// test. Without a Docker engine or Compose, it skips the test.
func newCompose(t *testing.T) *compose {
	t.Helper()
	if out, err := exec.Command("docker", "info").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED, THE DEPLOYMENT WAS NOT TESTED: no Docker engine: %v\n%s", err, out)
	}
	c := &compose{t: t}
	switch {
	case exec.Command("docker", "compose", "version").Run() == nil:
		c.command = []string{"docker", "compose"}
	case exec.Command("docker-compose", "version").Run() == nil:
		c.command = []string{"docker-compose"}
	default:
		t.Skip("SKIPPED, THE DEPLOYMENT WAS NOT TESTED: no Compose; install the Compose plugin, or Debian's docker-compose")
	}
	uri := filepath.Join(t.TempDir(), "mongodb_uri")
	if err := os.WriteFile(uri, []byte("mongodb://mongodb:27017/\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.env = append(os.Environ(), "MONGODB_URI_FILE="+uri)
	if standIns(t) {
		// BuildKit asks the registry for an image that is here.
		c.env = append(c.env, "DOCKER_BUILDKIT=0", "COMPOSE_DOCKER_CLI_BUILD=0")
	}
	t.Cleanup(func() {
		if t.Failed() {
			c.run("--profile", "scale", "logs", "--tail", "50")
		}
		c.down()
	})
	return c
}

// down removes everything, including volumes.
func (c *compose) down() {
	c.t.Helper()
	c.run("--profile", "scale", "down", "-v", "-t", "10")
}

func (c *compose) run(args ...string) {
	c.t.Helper()
	c.runWith("", args...)
}

// runWith runs a command of Compose with an input, and returns its output.
func (c *compose) runWith(stdin string, args ...string) (output string) {
	c.t.Helper()
	args = append(append(c.command[1:], "-p", project, "--project-directory", ".", "-f", "docker-compose.yml"), args...)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.command[0], args...)
	cmd.Dir, cmd.Env, cmd.Stdin = root, c.env, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	if len(out) > 0 {
		c.t.Logf("%s\n%s", strings.Join(args, " "), tail(out))
	}
	return string(out)
}

func tail(out []byte) []byte { return out[max(0, len(out)-2000):] }

func (c *compose) docker(args ...string) string {
	c.t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// container returns the id of the newest container of a service.
func (c *compose) container(service string) string {
	c.t.Helper()
	ids := strings.Fields(c.docker("ps", "-a", "-q", "--filter", "label=com.docker.compose.project="+project, "--filter", "label=com.docker.compose.service="+service))
	if len(ids) == 0 {
		c.t.Fatalf("no container of %s", service)
	}
	return ids[0]
}

func (c *compose) waitHealthy(service string) {
	c.t.Helper()
	var status string
	for range 360 {
		status = c.docker("inspect", "-f", "{{.State.Health.Status}}", c.container(service))
		if status == "healthy" {
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
	c.t.Fatalf("after 3 minutes %s is %s, want healthy", service, status)
}

// metrics returns the metrics of a sidecar. Only containers reach the admin port, so
// it runs wget in the sidecar's network namespace.
func (c *compose) metrics(service string) string {
	c.t.Helper()
	c.lastMetrics = c.docker("run", "--rm", "--network", "container:"+c.container(service), toolsImage, "wget", "-q", "-O", "-", "http://127.0.0.1:9901/metrics")
	return c.lastMetrics
}

// inNetwork runs a busybox program in the network in which Prometheus would run.
func (c *compose) inNetwork(args ...string) string {
	c.t.Helper()
	return c.docker(append([]string{"run", "--rm", "--network", project + "_default", toolsImage, "/bin/busybox"}, args...)...)
}

// waitGrowth calls do until the value of a series grows.
func (c *compose) waitGrowth(service, series string, do func()) {
	c.t.Helper()
	before := valueOf(series, c.metrics(service))
	for range 120 {
		do()
		if valueOf(series, c.metrics(service)) != before {
			return
		}
		time.Sleep(250 * time.Millisecond)
	}
	c.t.Fatalf("%s stays %s, want it to grow", series, before)
}

func valueOf(series, metrics string) string {
	_, rest, _ := strings.Cut(metrics, "\n"+series+" ")
	value, _, _ := strings.Cut(rest, "\n")
	return value
}
