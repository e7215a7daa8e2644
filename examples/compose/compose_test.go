// Package compose tests the deployment of docker-compose.yml as it stands, on a
// real engine, with stand-ins for the images that cannot be pulled everywhere:
// FerretDB for MongoDB, haproxy and Go of this machine. Without an engine it
// still tests the dashboard and the alerts, against a sidecar that runs.
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
	t.Log("the file is valid, whatever the profiles")
	for _, profiles := range [][]string{nil, {"--profile", "observe"}, {"--profile", "scale"}, {"--profile", "observe", "--profile", "scale"}} {
		c.run(append(profiles, "config", "-q")...)
	}
	c.run("build")
	c.run("up", "-d")
	c.waitHealthy("sidecar")

	t.Log("a login carries the document")
	first := login(t, public)
	wantClaim(t, first.AccessToken, `"custom_data":{`, `"city":"Wien"`)

	t.Log("so does a refresh, and the backend takes the enriched token")
	wantClaim(t, refresh(t, public, first.RefreshToken).AccessToken, `"city":"Wien"`)
	wantMe(t, public, first.AccessToken, "anna")

	t.Log("seeding again changes nothing")
	c.run("run", "--rm", "-T", "seed")
	wantClaim(t, refresh(t, public, first.RefreshToken).AccessToken, `"city":"Wien"`)

	t.Log("the sidecar's file system is read-only, it runs as nobody, and its admin port is not published")
	if out := c.docker("inspect", "-f", "{{.HostConfig.ReadonlyRootfs}} {{.Config.User}} {{.HostConfig.PortBindings}}", c.container("sidecar")); !strings.HasPrefix(out, "true 65532:65532 map[8080/tcp") || strings.Contains(out, "9901") {
		t.Errorf("container: %s", out)
	}

	checkScaled(t, c, first)
	checkOutage(t, c, first)
	checkStop(t, c)
}

// checkScaled adds a second sidecar and kills it.
func checkScaled(t *testing.T, c *compose, first tokens) {
	t.Log("scaled to two behind a load balancer, each restores what the other enriched")
	c.run("--profile", "scale", "up", "-d")
	c.waitHealthy("sidecar2")
	waitFor(t, scaled+"/")
	if out := c.inNetwork("nslookup", "sidecars"); strings.Count(out, "Name:") != 2 {
		t.Errorf("Prometheus finds not both of the sidecars:\n%s", out)
	}
	if out := c.inNetwork("wget", "-q", "-O", "-", "http://sidecars:9901/metrics"); !strings.Contains(out, "tokengraft_tokens_total{") {
		t.Errorf("Prometheus scrapes no tokens:\n%s", out)
	}
	for range 4 {
		wantMe(t, scaled, login(t, scaled).AccessToken, "anna")
		wantMe(t, scaled, first.AccessToken, "anna")
	}

	t.Log("one sidecar killed: the other goes on, nothing is lost")
	c.docker("kill", c.container("sidecar2"))
	for range 10 {
		wantMe(t, scaled, login(t, scaled).AccessToken, "anna")
	}
	c.run("--profile", "scale", "up", "-d", "sidecar2")
	c.waitHealthy("sidecar2")
}

// checkOutage takes MongoDB away from the sidecar for a while.
func checkOutage(t *testing.T, c *compose, first tokens) {
	t.Log("MongoDB stopped: an older document stands in, and who has none yet logs in all the same; MongoDB back: fresh ones again")
	c.run("stop", "-t", "1", "mongodb")
	wantClaim(t, refresh(t, public, first.RefreshToken).AccessToken, `"city":"Wien"`)
	wantMe(t, public, loginAs(t, public, "ben").AccessToken, "ben")
	if got := valueOf(`tokengraft_tokens_total{reason="stale",rule="POST /oauth/token"}`, c.metrics("sidecar")); got != "1" {
		t.Errorf("%q tokens were counted stale, want 1", got)
	}
	c.run("start", "mongodb")
	c.waitGrowth("sidecar", `tokengraft_tokens_total{reason="ok",rule="POST /oauth/token"}`, func() { refresh(t, public, first.RefreshToken) })
}

// checkStop stops the sidecar, and then takes everything down.
func checkStop(t *testing.T, c *compose) {
	t.Log("stopped cleanly: exit code 0")
	sidecar := c.container("sidecar")
	c.run("stop", "sidecar")
	if code := c.docker("inspect", "-f", "{{.State.ExitCode}}", sidecar); code != "0" {
		t.Errorf("the sidecar's exit code is %s, want 0", code)
	}
	checkQueries(t, c.lastMetrics, "alert ConfigurationWrong")

	t.Log("down: nothing stays")
	c.down()
	if left := c.docker("ps", "-a", "-q", "--filter", "label=com.docker.compose.project="+project); left != "" {
		t.Errorf("containers are left after down: %s", left)
	}
}
