package oidc_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// The requests of the sidecar itself look like those that it forwards, so a provider that
// insists on https answers both.
func TestOwnRequests_LookLikeThoseOfClients(t *testing.T) {
	for name, answer := range withoutHTTPS {
		for _, configuration := range []string{
			`oidc: true`,
			`rules: [{match: POST /token, tokens: ["json:access_token"]}]` + "\n" + `verify: {jwks: BACKEND/keys, issuer: https://auth.example.com}`,
		} {
			t.Run(name+"/"+configuration[:5], func(t *testing.T) {
				t.Parallel()
				s := startStandIn(t, "ES256", insistOnHTTPS(answer))
				sidecar := s.start(t, configuration+"\npublic_url: https://auth.example.com\nsign: {keys: keys}")
				sidecar.WaitReady(t, "jwks")
				token := s.expectClaim(t, sidecar)
				if _, err := enrichtest.VerifyToken(t, []byte(sidecar.Public.Get(t, "/keys")), token); err != nil {
					t.Errorf("the token does not verify with the keys at the provider's path: %v", err)
				}
				if n := s.got("GET /") + s.got("HEAD /"); n > 0 {
					t.Errorf("the provider had to render / %d times, want never", n)
				}
			})
		}
	}
}

// Without public_url such a provider cannot be asked. The log, /readyz and check say what
// to set.
func TestOwnRequests_WithoutHTTPSNamePublicURL(t *testing.T) {
	for name, answer := range withoutHTTPS {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startStandIn(t, "ES256", insistOnHTTPS(answer))
			sidecar := s.start(t, "oidc: true\nsign: {keys: keys}")
			expectAdvice(t, sidecar, "public_url: https://", "see the setting public_url")
		})
	}
}

// expectAdvice wants advice in the log and in the output of check, and a part of it in
// /readyz.
func expectAdvice(t *testing.T, sidecar *e2e.Sidecar, advice, shown string) {
	t.Helper()
	e2e.Eventually(t, "the log has "+advice, func() bool { return sidecar.Log.Count(advice) > 0 })
	if got := sidecar.Admin.Get(t, "/readyz"); !strings.Contains(got, shown) {
		t.Errorf("/readyz: got %s, want %q in it", got, shown)
	}
	code, stdout, stderr := e2e.Run(t, "check", "-c", filepath.Join(sidecar.Dir, e2e.File))
	if !strings.Contains(stdout+stderr, advice) || code != 1 {
		t.Errorf("check: got exit code %d and %s%s; want 1, and %q in it", code, stdout, stderr, advice)
	}
}

func TestDiscovery_IsFoundBelowThePathOfTheIssuer(t *testing.T) {
	t.Parallel()
	s := startStandIn(t, "RS256", func(s *standIn) { s.at = "/dex" })
	sidecar := s.start(t, "oidc: true\nverify: {issuer: https://auth.example.com/dex/}\nsign: {keys: keys}")
	sidecar.WaitReady(t, "discovery", "jwks")
	sidecar.Reconfigure(t, "/dex/}", "/dex}")
	s.expectClaim(t, sidecar)
}

func TestDiscovery_ThatIsNowhereNamesItsSetting(t *testing.T) {
	t.Parallel()
	s := startStandIn(t, "RS256", func(s *standIn) { s.at = "/dex" })
	sidecar := s.start(t, "oidc: true\nsign: {keys: keys}")
	expectAdvice(t, sidecar, "set oidc.discovery to the path", "see the setting oidc.discovery")
}

// While the provider's keys were never fetched, its own path answers as it does, and our
// path 503 (law E1). If tokens are refused meanwhile, both are 503.
func TestJWKS_OfAProviderWhoseKeysAreAway(t *testing.T) {
	for policy, want := range map[string]int{"pass": 403, "refuse": 503} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			s := startStandIn(t, "ES256", func(s *standIn) { s.keysAway = true })
			sidecar := s.start(t, "oidc: true\nsign: {keys: keys, jwks_path: [/ours, /also-ours]}\non_failure: "+policy)
			e2e.Eventually(t, "the sidecar has asked for the keys", func() bool { return s.got("GET /keys") > 0 })
			if got := sidecar.Public.Ask(t, "GET", "/keys", "").Status; got != want {
				t.Errorf("the provider's path answered %d, want %d", got, want)
			}
			for _, ours := range []string{"/ours", "/also-ours"} {
				if got := sidecar.Public.Ask(t, "GET", ours, "").Status; got != 503 {
					t.Errorf("%s answered %d, want 503", ours, got)
				}
			}
			s.setKeysAway(false)
			sidecar.WaitReady(t, "jwks")
			token := s.expectClaim(t, sidecar)
			for _, path := range []string{"/keys", "/ours", "/also-ours"} {
				if _, err := enrichtest.VerifyToken(t, []byte(sidecar.Public.Get(t, path)), token); err != nil {
					t.Errorf("the token does not verify with the keys at %s: %v", path, err)
				}
			}
		})
	}
}

// If a provider signs with a secret, neither its own keys are needed nor ours. Whatever it
// answers for its keys reaches its clients.
func TestSecret_ProviderNeedsNoKeys(t *testing.T) {
	for name, configuration := range map[string]string{
		"without keys":                   "",
		"with keys of the sidecar":       "sign: {keys: keys}\non_failure: refuse",
		"with listed algorithms":         "ALGORITHMS",
		"with listed algorithms and own": "ALGORITHMS\nsign: {keys: keys}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startStandIn(t, "HS256", func(s *standIn) { s.keysAway = true })
			verify := "verify: {secret: \"" + enrichtest.Secret + "\"}"
			if rest, listed := strings.CutPrefix(configuration, "ALGORITHMS"); listed {
				verify, configuration = "verify: {algorithms: [HS256], secret: \""+enrichtest.Secret+"\"}", rest
			}
			sidecar := s.start(t, "oidc: true\n"+verify+"\n"+configuration)
			sidecar.WaitReady(t, "discovery", "jwks")
			if got := sidecar.Admin.Get(t, "/readyz"); !strings.Contains(got, `"status":"ready"`) {
				t.Errorf("/readyz: got %s, want ready", got)
			}
			s.expectClaim(t, sidecar)
			reply := sidecar.Public.Ask(t, "GET", "/keys", "")
			if reply.Status != 403 || reply.Body != "JWKS unavailable" {
				t.Errorf("the provider's JWKS: got %d %s, want its own answer", reply.Status, reply.Body)
			}
			if code, stdout, stderr := e2e.Run(t, "check", "-c", filepath.Join(sidecar.Dir, e2e.File)); code != 0 {
				t.Errorf("check: got exit code %d and %s%s; want 0", code, stdout, stderr)
			}
		})
	}
}

// A token that cannot be signed again says which setting is missing.
func TestSecret_TokenOfAPrivateKeyNamesTheSetting(t *testing.T) {
	t.Parallel()
	s := startStandIn(t, "RS256", nil)
	sidecar := s.start(t, "oidc: true\nverify: {secret: \""+enrichtest.Secret+"\"}")
	sidecar.WaitReady(t, "jwks")
	sidecar.Public.Ask(t, "POST", "/token", "", "Content-Length: 0")
	if sidecar.Log.Count("Set sign.keys") != 1 || sidecar.Metrics(t).Reasons()["sign_failed"] != 1 {
		t.Errorf("got reasons %v, want sign_failed, and one line of the log that names sign.keys", sidecar.Metrics(t).Reasons())
	}
	code, stdout, stderr := e2e.Run(t, "check", "-c", filepath.Join(sidecar.Dir, e2e.File))
	if !strings.Contains(stdout+stderr, "sign.keys is not set") || code != 0 {
		t.Errorf("check: got exit code %d and %s%s; want 0, and a warning that names sign.keys", code, stdout, stderr)
	}
}

// With pass the sidecar is ready when the provider answers anything, and with
// wait_for_backend when it has its document and its keys.
func TestReadyz_WaitsForTheProviderIfAsked(t *testing.T) {
	for setting, want := range map[string]int{"false": 200, "true": 503} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			s := startStandIn(t, "ES256", func(s *standIn) { s.keysAway = true })
			sidecar := s.start(t, "oidc: true\nsign: {keys: keys}\nwait_for_backend: "+setting)
			e2e.Eventually(t, "the provider has answered", func() bool {
				got := sidecar.Admin.Ask(t, "GET", "/readyz", "").Body
				return strings.Contains(got, `"backend":"ok"`) && strings.Contains(got, `"discovery":"ok"`)
			})
			if got := sidecar.Admin.Ask(t, "GET", "/readyz", ""); got.Status != want {
				t.Errorf("/readyz before the keys: got %d %s, want %d", got.Status, got.Body, want)
			}
			s.setKeysAway(false)
			sidecar.WaitReady(t, "jwks")
			s.setKeysAway(true)
			sidecar.Reconfigure(t, "keys: keys", "keys: others") // which has no keys of the provider yet
			if got := sidecar.Admin.Ask(t, "GET", "/readyz", ""); got.Status != 200 {
				t.Errorf("/readyz after the keys were known once: got %d %s, want 200", got.Status, got.Body)
			}
		})
	}
}
