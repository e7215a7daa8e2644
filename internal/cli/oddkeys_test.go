package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// exitNotEnriched is what try promises for a token that stays as it was.
const exitNotEnriched = 3

// The JWK Set of a stranger can have entries that cannot be read. The other keys work.
func TestCheckAndTry_NameTheOddKeysOfTheBackend(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	good := strings.TrimSuffix(strings.TrimPrefix(string(issuer.JWKS()), `{"keys":[`), `]}`)
	odd := strings.Replace(strings.Replace(good, `"P-256"`, `"P-257"`, 1), issuer.KeyID, "odd", 1)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "\ufeff"+`{"keys":[%s,17,%s]}`, good, odd)
	}))
	defer backend.Close()
	path := writeConfig(t, fmt.Sprintf(`listen: 127.0.0.1:0
backend: %[1]s
rules: [{match: POST /login, tokens: [body]}]
verify: {jwks: %[1]s}
sign: {keys: keys}
documents: {file: users.json, user_id_field: id}
`, backend.URL), map[string]string{"users.json": `[{"id":"u1"}]`})

	code, stdout, _ := run(t, "check", "-c", path)
	for _, want := range []string{
		"ok     the keys of the backend can be read",
		`verify.jwks: the backend's JWK Set has a key that cannot be used, so tokens that it signs pass unenriched: keys[1]: not a JSON object`,
		`keys[2] with the kid "odd": its crv is not P-256, P-384 or P-521`,
	} {
		if code != exitOK || !strings.Contains(stdout, want) {
			t.Errorf("check: exit code %d, want %d and %q in\n%s", code, exitOK, want, stdout)
		}
	}
	if code, stdout, stderr := run(t, "try", "-c", path, issuer.Token(`{"sub":"u1"}`)); code != exitOK {
		t.Errorf("try with the good key: exit code %d, want %d: %s%s", code, exitOK, stdout, stderr)
	}
	issuer.KeyID = "odd"
	code, stdout, stderr := run(t, "try", "-c", path, issuer.Token(`{"sub":"u1"}`))
	const want = "the key with the token's kid in the backend's JWK Set cannot be used: keys[2]: its crv is not P-256, P-384 or P-521"
	if code != exitNotEnriched || !strings.Contains(stdout, want) || !strings.Contains(stderr, `"kid":"odd"`) {
		t.Errorf("try with the odd key: exit code %d, want %d, %q in\n%s\nand a warning with this kid in\n%s", code, exitNotEnriched, want, stdout, stderr)
	}
}

func TestCheckAndTry_NameTheOddMembersOfTheDiscoveryDocument(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	var backend *httptest.Server
	backend = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/.well-known/openid-configuration" {
			issuer.ServeHTTP(w, r)
			return
		}
		fmt.Fprintf(w, "\ufeff"+`{"issuer":"me","jwks_uri":"%s/keys","token_endpoint":["/t"]}`, backend.URL)
	}))
	defer backend.Close()
	path := writeConfig(t, fmt.Sprintf(`listen: 127.0.0.1:0
backend: %s
oidc: true
sign: {keys: keys}
documents: {file: users.json, user_id_field: id}
`, backend.URL), map[string]string{"users.json": `[{"id":"u1"}]`})
	const want = "token_endpoint is not a string"
	if code, stdout, _ := run(t, "check", "-c", path); code != exitOK || !strings.Contains(stdout, want) {
		t.Errorf("check: exit code %d, want %d and %q in\n%s", code, exitOK, want, stdout)
	}
	if code, stdout, stderr := run(t, "try", "-c", path, issuer.Token(`{"iss":"me","sub":"u1"}`)); code != exitOK || !strings.Contains(stderr, want) {
		t.Errorf("try: exit code %d, want %d and %q in\n%s%s", code, exitOK, want, stderr, stdout)
	}
}

// The hash is right, but some clients cannot compute it.
func TestCheck_WarnsAboutEdDSAWithIDTokens(t *testing.T) {
	eddsa, rs256 := enrichtest.NewIssuer(t, "EdDSA"), enrichtest.NewIssuer(t, "RS256")
	for _, tt := range []struct {
		issuer       *enrichtest.Issuer
		tokens, sign string
		want         bool
	}{
		{rs256, "json:id_token", "keys: keys, algorithm: EdDSA", true},
		{rs256, "json:id_token", "keys: keys, algorithm: Ed25519", true},
		{rs256, "json:id_token", "keys: keys, algorithm: ES256", false},
		{rs256, "json:access_token", "keys: keys, algorithm: EdDSA", false},
		{rs256, "json:id_token", "keys: keys", false},
		{eddsa, "json:id_token", "keys: keys", true},
		{eddsa, "json:id_token", "backend_key: private.pem", true},
		{eddsa, "json:id_token", "keys: keys, algorithm: RS256", false},
	} {
		path := writeConfig(t, fmt.Sprintf(`listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: ["%s"]}]
verify: {public_key: public.pem}
sign: {%s}
documents: {file: users.json, user_id_field: id}
`, tt.tokens, tt.sign), map[string]string{"users.json": "[]", "public.pem": string(tt.issuer.PublicPEM()), "private.pem": string(tt.issuer.PrivatePEM())})
		_, stdout, _ := run(t, "check", "-c", path)
		if got := strings.Contains(stdout, "sign.algorithm: id_tokens can have the algorithm EdDSA"); got != tt.want {
			t.Errorf("check with a key for %s, tokens %s, sign {%s}: has the warning: %v, want %v\n%s", tt.issuer.Algorithm, tt.tokens, tt.sign, got, tt.want, stdout)
		}
	}
}
