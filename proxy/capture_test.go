package proxy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// deployments are configurations for the backends of the captures. A configuration has
// only one user-id claim, so each plugin of Glewlwyd has its own. The secret is not the
// one of these backends, which was not kept.
var deployments = []deployment{
	{
		captures: "glewlwyd/oidc-*.http", user: "sub",
		jwks: "glewlwyd/oidc-jwks.http", jwksPath: "/api/oidc/jwks",
		tokenEndpoint: "POST /api/oidc/token", authorizationEndpoint: "GET /api/oidc/auth",
	},
	{
		captures: "glewlwyd/oidchs-*.http", user: "sub", secret: enrichtest.Secret,
		tokenEndpoint: "POST /api/oidchs/token", authorizationEndpoint: "GET /api/oidchs/auth",
	},
	{
		captures: "glewlwyd/oauth2-*.http", user: "username", publicKey: "glewlwyd/oauth2.pem",
		tokenEndpoint: "POST /api/glwd/token",
	},
	{
		captures: "go-oauth2/*.http", user: "sub", secret: enrichtest.Secret,
		tokenEndpoint: "POST /token",
	},
	{
		captures: "hydra/*.http", user: "sub",
		jwks: "hydra/jwks.http", jwksPath: "/.well-known/jwks.json",
		tokenEndpoint: "POST /oauth2/token", authorizationEndpoint: "GET /oauth2/auth",
	},
	{
		captures: "zitadel-oidc-op/*.http", user: "sub",
		jwks: "zitadel-oidc-op/jwks.http", jwksPath: "/keys",
		tokenEndpoint: "POST /oauth/token", authorizationEndpoint: "GET /auth/callback",
	},
}

// A1, A2, A3, C2, D1: only tokens, and headers that depend on them, change. The expected
// results are in outcomes.txt.
func TestExchange_ChangesOnlyTokensOfRealBackends(t *testing.T) {
	want := readOutcomes(t)
	replayed := 0
	for _, d := range deployments {
		r := startReplay(t, d)
		for _, path := range glob(t, d.captures) {
			replayed++
			c := readCapture(t, path)
			t.Run(c.name, func(t *testing.T) {
				got := r.replay(t, c)
				t.Log(got) // shown with -v, to update outcomes.txt
				if got != want[c.name] {
					t.Errorf("%s: outcome = %q, want %q", c.name, got, want[c.name])
				}
			})
			delete(want, c.name)
		}
	}
	for name := range want {
		t.Errorf("outcomes.txt has a line for %s, but there is no such capture", name)
	}
	if all := len(glob(t, "*/*.http")); replayed != all {
		t.Errorf("replayed %d captures, want all %d: add the others to deployments", replayed, all)
	}
}

// readOutcomes returns the outcomes of outcomes.txt by the names of captures.
func readOutcomes(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(captures, "outcomes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, outcome, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name != "#" {
			outcomes[name] = strings.TrimSpace(outcome)
		}
	}
	return outcomes
}
