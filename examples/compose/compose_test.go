// Package compose tests docker-compose.yml, unchanged, on a Docker engine. Images that
// are not on the machine are replaced: FerretDB for MongoDB, and the machine's own
// haproxy and Go. Without an engine, the package still tests the dashboard and the
// alerts against a running sidecar.
package compose_test

import (
	"os"
	"strings"
	"testing"
)

const (
	root    = "../.."
	project = "tokengraft-test"
	public  = "http://127.0.0.1:8080"
	scaled  = "http://127.0.0.1:8090"
)

func TestDeployment(t *testing.T) {
	if os.Getenv("TOKENGRAFT_TEST_COMPOSE") == "" {
		t.Skip("SKIPPED, THE DEPLOYMENT WAS NOT TESTED: it builds images for minutes and takes port 8080; run `make compose`")
	}
	c := newCompose(t)
	t.Log("the file is valid with every combination of profiles")
	for _, profiles := range [][]string{nil, {"--profile", "observe"}, {"--profile", "scale"}, {"--profile", "observe", "--profile", "scale"}} {
		c.run(append(profiles, "config", "-q")...)
	}
	c.run("build")
	c.run("up", "-d")
	c.waitHealthy("sidecar")

	t.Log("the token of a login contains the document")
	first := login(t, public)
	wantClaim(t, first.AccessToken, `"custom_data":{`, `"city":"Wien"`)

	t.Log("so does the token of a refresh, and the backend accepts the enriched token")
	wantClaim(t, refresh(t, public, first.RefreshToken).AccessToken, `"city":"Wien"`)
	wantMe(t, public, first.AccessToken, "anna")

	t.Log("seeding again changes nothing")
	c.run("run", "--rm", "-T", "seed")
	wantClaim(t, refresh(t, public, first.RefreshToken).AccessToken, `"city":"Wien"`)

	t.Log("the sidecar's file system is read-only, it runs as an unprivileged user, and its admin port is not published")
	if out := c.docker("inspect", "-f", "{{.HostConfig.ReadonlyRootfs}} {{.Config.User}} {{.HostConfig.PortBindings}}", c.container("sidecar")); !strings.HasPrefix(out, "true 65532:65532 map[8080/tcp") || strings.Contains(out, "9901") {
		t.Errorf("container: got %s, want a read-only file system, user 65532, and port 8080 without 9901", out)
	}

	checkContained(t, c)
	checkOnCall(t, c)
	checkScaled(t, c, first)
	checkOutage(t, c, first)
	checkStop(t, c)
}

// checkContained checks the limits of the sidecar, and that no other container reaches
// its admin listener.
func checkContained(t *testing.T, c *compose) {
	t.Log("the sidecar has limits, and its admin listener is on loopback")
	if out := c.docker("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}", c.container("sidecar")); strings.TrimSpace(out) != "268435456 100" {
		t.Errorf("limits: got %s, want 256 MiB and 100 processes", out)
	}
	if out := c.inNetwork("sh", "-c", "wget -q -T 2 -O - http://sidecar:9901/livez || echo refused"); !strings.Contains(out, "refused") {
		t.Errorf("the admin listener, asked by another container: got %s, want no answer", out)
	}
}

// checkOnCall runs the commands that docs/failures.md has for the person on call.
func checkOnCall(t *testing.T, c *compose) {
	t.Log("the commands for the person on call work")
	c.run("exec", "-T", "sidecar", "/tokengraft", "health", "--ready", "-c", "/etc/tokengraft/tokengraft.yaml")
	original := loginAtBackend(t, c)
	out := c.runWith(original, "exec", "-T", "sidecar", "/tokengraft", "try", "-c", "/etc/tokengraft/tokengraft.yaml")
	if !strings.Contains(out, "reason: ok") {
		t.Errorf("try with a token of the backend: want reason: ok, got\n%s", out)
	}
	c.run("kill", "-s", "HUP", "sidecar")
}

// checkScaled adds a second sidecar and kills it.
func checkScaled(t *testing.T, c *compose, first tokens) {
	t.Log("with two sidecars behind a load balancer, each restores tokens that the other enriched")
	c.env = append(c.env, "TOKENGRAFT_ADMIN=:9901")
	c.run("--profile", "scale", "up", "-d")
	c.waitHealthy("sidecar")
	c.waitHealthy("sidecar2")
	waitFor(t, scaled+"/")
	if out := c.inNetwork("nslookup", "sidecars"); strings.Count(out, "Name:") != 2 {
		t.Errorf("the name sidecars: want the addresses of both sidecars, got\n%s", out)
	}
	if out := c.inNetwork("wget", "-q", "-O", "-", "http://sidecars:9901/metrics"); !strings.Contains(out, "tokengraft_tokens_total{") {
		t.Errorf("the metrics of a sidecar: want tokengraft_tokens_total, got\n%s", out)
	}
	for range 4 {
		wantMe(t, scaled, login(t, scaled).AccessToken, "anna")
		wantMe(t, scaled, first.AccessToken, "anna")
	}

	t.Log("one sidecar is killed, and the other answers all requests")
	c.docker("kill", c.container("sidecar2"))
	for range 10 {
		wantMe(t, scaled, login(t, scaled).AccessToken, "anna")
	}
	c.run("--profile", "scale", "up", "-d", "sidecar2")
	c.waitHealthy("sidecar2")
}

// checkOutage stops MongoDB and starts it again.
func checkOutage(t *testing.T, c *compose, first tokens) {
	t.Log("while MongoDB is stopped, a user with a cached document gets it, and any other user logs in without; when MongoDB is back, documents are fresh again")
	c.run("stop", "-t", "1", "mongodb")
	wantClaim(t, refresh(t, public, first.RefreshToken).AccessToken, `"city":"Wien"`)
	wantMe(t, public, loginAs(t, public, "ben").AccessToken, "ben")
	if got := valueOf(`tokengraft_tokens_total{reason="stale",rule="POST /oauth/token"}`, c.metrics("sidecar")); got != "1" {
		t.Errorf("tokens counted stale: got %q, want 1", got)
	}
	c.run("start", "mongodb")
	c.waitGrowth("sidecar", `tokengraft_tokens_total{reason="ok",rule="POST /oauth/token"}`, func() { refresh(t, public, first.RefreshToken) })
}

// checkStop stops the sidecar, and then removes everything.
func checkStop(t *testing.T, c *compose) {
	t.Log("the sidecar stops with exit code 0")
	sidecar := c.container("sidecar")
	c.run("stop", "sidecar")
	if code := c.docker("inspect", "-f", "{{.State.ExitCode}}", sidecar); code != "0" {
		t.Errorf("the sidecar's exit code is %s, want 0", code)
	}
	checkQueries(t, c.lastMetrics, "alert ConfigurationWrong", "alert GateRefuses", "alert BackendRefusesEnrichedTokens", "alert LimitReached", "panel Refusals of gates", "panel Requests being served", "panel Errors",
		"alert TokensNotFound", "alert DocumentsNotFound")

	t.Log("after down, no container is left")
	c.down()
	if left := c.docker("ps", "-a", "-q", "--filter", "label=com.docker.compose.project="+project); left != "" {
		t.Errorf("containers after down: got %s, want none", left)
	}
}
