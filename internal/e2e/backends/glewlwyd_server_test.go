package backends_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// The client and the user of Glewlwyd.
const (
	redirectURI = "http://127.0.0.1:1/callback" // clients read it and do not follow it
	basic       = "Authorization: Basic bGFiOmxhYnNlY3JldA=="
	passwords   = "grant_type=password&username=u1&password=password&scope=openid"
)

// startGlewlwyd starts Glewlwyd with the plugin OpenID Connect twice: as oidc with RS256,
// and as oidchs with HS256 and the secret of enrichtest. Clients reach it at public.
func startGlewlwyd(t *testing.T, at, public e2e.Address, redirectURIs ...string) {
	t.Helper()
	dir := t.TempDir()
	database := filepath.Join(dir, "glewlwyd.db")
	create := exec.Command("sqlite3", database)
	schema, err := os.Open("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3")
	if err != nil {
		t.Fatal(err)
	}
	defer schema.Close()
	create.Stdin = schema
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("sqlite3: %v %s", err, out)
	}
	settings, err := os.ReadFile("/etc/glewlwyd/glewlwyd.conf")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(string(at), ":")
	text := string(settings)
	for pattern, value := range map[string]string{
		`port=.*`:              "port=" + port + "\nbind_address=\"127.0.0.1\"",
		`external_url=.*`:      fmt.Sprintf("external_url=%q", public.URL("/")),
		`log_mode=.*`:          `log_mode="console"`,
		`@include .*db\.conf"`: fmt.Sprintf("database = { type = \"sqlite3\" path = %q };", database),
	} {
		text = regexp.MustCompile(`(?m)^`+pattern+`$`).ReplaceAllLiteralString(text, value)
	}
	file := filepath.Join(dir, "glewlwyd.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	startProgram(t, at, "glewlwyd", "--config-file="+file)
	setUpGlewlwyd(t, at, public, append(redirectURIs, redirectURI))
}

// setUpGlewlwyd adds plugins, a user and a client, as its administration pages do.
func setUpGlewlwyd(t *testing.T, at, public e2e.Address, redirectURIs []string) {
	t.Helper()
	session := glewlwydLogin(t, at, "admin", "password")
	add := func(path string, what map[string]any) {
		t.Helper()
		body, err := json.Marshal(what)
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, "POST "+path, at.Ask(t, http.MethodPost, path, string(body), asJSON, session), http.StatusOK)
	}
	issuer := enrichtest.NewIssuer(t, "RS256")
	for name, keys := range map[string]map[string]any{
		"oidc":   {"jwt-type": "rsa", "jwt-key-size": "256", "key": string(issuer.PrivatePEM()), "cert": string(issuer.PublicPEM())},
		"oidchs": {"jwt-type": "sha", "jwt-key-size": "256", "key": enrichtest.Secret},
	} {
		parameters := map[string]any{
			"iss": public.URL("/api/" + name), "jwks-show": true, "subject-type": "public", "allow-non-oidc": true,
			"access-token-duration": 3600, "refresh-token-duration": 86400, "code-duration": 600, "refresh-token-rolling": true, "refresh-token-one-use": "never",
			"auth-type-code-enabled": true, "auth-type-token-enabled": true, "auth-type-id-token-enabled": true, "auth-type-none-enabled": false,
			"auth-type-password-enabled": true, "auth-type-client-enabled": true, "auth-type-refresh-enabled": true, "auth-type-device-enabled": false,
			"allowed-scope": []string{"openid"}, "name-claim": "on-demand", "email-claim": "mandatory", "scope-claim": "no", "address-claim": map[string]any{"type": "no"}, "claims": []any{},
			"pkce-allowed": true, "introspection-revocation-allowed": true, "introspection-revocation-allow-target-client": true,
			"session-management-allowed": true, "session-cookie-name": "GLEWLWYD2_OIDC_SID", "session-cookie-expiration": 86400,
			"front-channel-logout-allowed": true, "back-channel-logout-allowed": true,
		}
		maps.Copy(parameters, keys)
		add("/api/mod/plugin/", map[string]any{"module": "oidc", "name": name, "display_name": name, "parameters": parameters})
	}
	add("/api/user/?source=database", map[string]any{"username": "u1", "password": "password", "email": "u1@example.com", "name": "Anna", "scope": []string{"openid"}, "enabled": true})
	add("/api/client/?source=database", map[string]any{
		"client_id": "lab", "name": "lab", "client_secret": "labsecret", "password": "labsecret", "confidential": true, "enabled": true, "redirect_uri": redirectURIs,
		"authorization_type": []string{"code", "token", "id_token", "password", "client_credentials", "refresh_token"}, "scope": []string{"openid"},
		"token_endpoint_auth_method": []string{"client_secret_basic", "client_secret_post"}, "post_logout_redirect_uri": redirectURI,
	})
}

// glewlwydLogin logs in at the login page's own API, and returns the line of the cookie.
func glewlwydLogin(t *testing.T, at e2e.Address, user, password string) (line string) {
	t.Helper()
	got := at.Ask(t, http.MethodPost, "/api/auth/", fmt.Sprintf(`{"username":%q,"password":%q}`, user, password), asJSON)
	wantStatus(t, "login of "+user, got, http.StatusOK)
	cookie, _, _ := strings.Cut(got.Header.Get("Set-Cookie"), ";")
	return "Cookie: " + cookie
}

// grantedLogin logs in as u1, grants the client its scope, and returns the line of the
// cookie.
func grantedLogin(t *testing.T, at e2e.Address) (cookie string) {
	t.Helper()
	cookie = glewlwydLogin(t, at, "u1", "password")
	wantStatus(t, "grant", at.Ask(t, http.MethodPut, "/api/auth/grant/lab", `{"scope":"openid"}`, asJSON, cookie), http.StatusOK)
	return cookie
}

// A provider is Glewlwyd behind a sidecar.
type provider struct {
	*front
	plugin string // "/api/oidc" or "/api/oidchs"
	sub    string // of the user u1
}

// startProvider starts Glewlwyd, and a sidecar in OIDC mode for one of its plugins.
func startProvider(t *testing.T, plugin, configuration string, redirectURIs ...string) provider {
	t.Helper()
	public, at := e2e.FreeAddress(t), e2e.FreeAddress(t)
	startGlewlwyd(t, at, public, redirectURIs...)
	tokens := tokensIn(at.Ask(t, http.MethodPost, plugin+"/token", passwords, asForm, basic))
	_, claims := enrichtest.DecodeToken(t, tokens["access_token"])
	p := provider{plugin: plugin, sub: member(t, claims, "sub")}
	p.front = startFront(t, at, e2e.Options{
		Configuration: fmt.Sprintf("listen: %s\npublic_url: %s\nbackend: BACKEND\noidc: {discovery: %s/.well-known/openid-configuration}\ndocuments: {file: users.json, user_id_field: sub}\n%s",
			public, public.URL(""), plugin, configuration),
		Documents: "[" + p.document("pro") + "]",
	})
	p.WaitReady(t, "discovery")
	return p
}

// document returns the document of u1.
func (p provider) document(plan string) string {
	return fmt.Sprintf(`{"sub":%q,"plan":%q}`, p.sub, plan)
}

// member returns a string of a JSON object.
func member(t *testing.T, object, name string) string {
	t.Helper()
	members := map[string]any{}
	if err := json.Unmarshal([]byte(object), &members); err != nil {
		t.Fatalf("%s: %v", object, err)
	}
	text, ok := members[name].(string)
	if !ok {
		t.Fatalf("no %s in %s", name, object)
	}
	return text
}
