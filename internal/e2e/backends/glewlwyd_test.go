package backends_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

const bothTokens = "sign: {keys: ./keys}\nclaim: {kinds: [access, id], responses: [userinfo, introspection]}\n"

// startRS256 starts a provider whose key clients take from the sidecar.
func startRS256(t *testing.T, redirectURIs ...string) provider {
	t.Helper()
	p := startProvider(t, "/api/oidc", bothTokens, redirectURIs...)
	p.WaitReady(t, "jwks")
	return p
}

// endpoint returns the path of an endpoint, as the discovery document has it. Glewlwyd
// writes two slashes.
func (p provider) endpoint(t *testing.T, name string) string {
	t.Helper()
	document := p.Public.Get(t, p.plugin+"/.well-known/openid-configuration")
	path, ok := strings.CutPrefix(member(t, document, name), p.Public.URL(""))
	if !ok || !strings.HasPrefix(path, "//") {
		t.Fatalf("%s is not at the sidecar with two slashes in %s", name, document)
	}
	return path
}

// authorize sends an authorization request as a browser that is logged in.
func (p provider) authorize(t *testing.T, cookie, responseType string, more ...string) (got, original e2e.Reply) {
	t.Helper()
	query := url.Values{"response_type": {responseType}, "client_id": {"lab"}, "redirect_uri": {redirectURI}, "scope": {"openid"}, "state": {"st"}, "nonce": {"nn"}}
	return p.ask(t, http.MethodGet, p.endpoint(t, "authorization_endpoint")+"?"+query.Encode()+strings.Join(append(more, "&g_continue"), ""), "", cookie)
}

// token sends a request to the token endpoint.
func (p provider) token(t *testing.T, form string) (got, original e2e.Reply) {
	t.Helper()
	got, original = p.ask(t, http.MethodPost, p.endpoint(t, "token_endpoint"), form, asForm, basic)
	wantStatus(t, "POST token", got, http.StatusOK)
	return got, original
}

// verify wants Authlib to accept tokens, and to read the document in each of them.
func (p provider) verify(t *testing.T, tokens map[string]string, more map[string]string) {
	t.Helper()
	options := map[string]string{"discovery": p.Public.URL(p.plugin + "/.well-known/openid-configuration"), "client_id": "lab"}
	maps.Copy(options, tokens)
	delete(options, "refresh_token")
	maps.Copy(options, more)
	claims := runPython(t, "authlib_verify.py", options)
	if got := strings.Count(claims, `"custom_data":`+p.document("pro")); got != len(tokens) {
		t.Errorf("Authlib read the claims %s, want the document in all %d tokens", claims, len(tokens))
	}
}

func glewlwydPassword(t *testing.T) {
	p := startRS256(t)
	got, original := p.token(t, passwords)
	tokens := wantTokens(t, "password", got, original, p.document("pro"), "access_token", "id_token")
	p.verify(t, tokens, map[string]string{"flow": "code"})
	refused, _ := p.ask(t, http.MethodPost, p.plugin+"/token", strings.Replace(passwords, "password=password", "password=wrong", 1), asForm, basic)
	wantStatus(t, "a wrong password", refused, http.StatusForbidden)
	p.checkRefreshes(t, got)
}

// checkRefreshes refreshes before and after the document changes and is deleted.
func (p provider) checkRefreshes(t *testing.T, login e2e.Reply) {
	t.Helper()
	refresh := "grant_type=refresh_token&refresh_token=" + url.QueryEscape(member(t, login.Body, "refresh_token"))
	for _, document := range []string{p.document("pro"), p.document("free"), ""} {
		p.Write(t, "users.json", "["+document+"]")
		got, original := p.token(t, refresh)
		wantTokens(t, "refresh", got, original, document, "access_token")
	}
}

// Glewlwyd keeps hashes of its tokens: it does not know an enriched one.
func glewlwydCode(t *testing.T) {
	p := startRS256(t)
	redirect, _ := p.authorize(t, grantedLogin(t, p.Public), "code")
	wantStatus(t, "authorize", redirect, http.StatusFound)
	location, err := url.Parse(redirect.Header.Get("Location"))
	if err != nil || location.Query().Get("code") == "" {
		t.Fatalf("the redirect %v has no code, %v", redirect.Header["Location"], err)
	}
	code := location.Query().Get("code")
	got, original := p.token(t, "grant_type=authorization_code&redirect_uri="+url.QueryEscape(redirectURI)+"&code="+code)
	tokens := wantTokens(t, "code", got, original, p.document("pro"), "access_token", "id_token")
	p.verify(t, tokens, map[string]string{"flow": "code", "nonce": "nn"})
	p.checkEndpoints(t, tokens)
	p.checkRefreshes(t, got)
}

// checkEndpoints uses tokens where the provider accepts only its own, and ends with
// revocation and logout.
func (p provider) checkEndpoints(t *testing.T, tokens map[string]string) {
	t.Helper()
	bearer := "Authorization: Bearer " + tokens["access_token"]
	wantStatus(t, "userinfo with the enriched token, without the sidecar", p.tap.backend.Ask(t, http.MethodGet, p.plugin+"/userinfo", "", bearer), http.StatusUnauthorized)
	for _, path := range []string{p.plugin + "/userinfo", p.endpoint(t, "userinfo_endpoint")} {
		info := p.Public.Ask(t, http.MethodGet, path, "", bearer)
		wantStatus(t, "userinfo", info, http.StatusOK)
		if !strings.Contains(info.Body, `"custom_data":`+p.document("pro")) || member(t, info.Body, "sub") != p.sub {
			t.Errorf("userinfo at %s: got %s, want the sub and the document of u1", path, info.Body)
		}
	}
	introspect := func() (got e2e.Reply) {
		return p.Public.Ask(t, http.MethodPost, p.endpoint(t, "introspection_endpoint"), "token="+tokens["access_token"], asForm, basic)
	}
	if got := introspect(); !strings.Contains(got.Body, `"active":true`) || !strings.Contains(got.Body, `"custom_data":`+p.document("pro")) {
		t.Errorf("introspection: got %d %s, want an active token and the document", got.Status, got.Body)
	}
	revoked, _ := p.ask(t, http.MethodPost, p.endpoint(t, "revocation_endpoint"), "token="+tokens["access_token"], asForm, basic)
	wantStatus(t, "revocation", revoked, http.StatusOK)
	if got := introspect(); got.Body != `{"active":false}` {
		t.Errorf("introspection after the revocation: got %d %s, want an inactive token", got.Status, got.Body)
	}
	out, _ := p.ask(t, http.MethodGet, p.endpoint(t, "end_session_endpoint")+"?id_token_hint="+tokens["id_token"]+"&post_logout_redirect_uri="+url.QueryEscape(redirectURI), "")
	wantStatus(t, "end session", out, http.StatusFound)
}

// The tokens are in the fragment, in the query (a habit of Glewlwyd's), or in a page
// that has no Content-Type.
func glewlwydImplicit(t *testing.T) {
	p := startRS256(t)
	cookie := grantedLogin(t, p.Public)
	for _, tt := range []struct {
		responseType, mode, flow string
		in                       func(e2e.Reply) bool
	}{
		{"id_token token", "", "implicit", inFragment},
		{"id_token token", "&response_mode=form_post", "implicit", inPage},
		{"code id_token token", "", "hybrid", inQuery},
		{"code id_token token", "&response_mode=fragment", "hybrid", inFragment},
		{"code id_token token", "&response_mode=form_post", "hybrid", inPage},
	} {
		what := tt.responseType + tt.mode
		got, original := p.authorize(t, cookie, tt.responseType, tt.mode)
		if !tt.in(got) {
			t.Errorf("%s: got %d %v, want the tokens elsewhere", what, got.Status, got.Header)
		}
		tokens := wantTokens(t, what, got, original, p.document("pro"), "access_token", "id_token")
		more := map[string]string{"flow": tt.flow, "nonce": "nn"}
		if tt.flow == "hybrid" {
			more["code"] = codes.FindStringSubmatch(fmt.Sprint(got.Header["Location"]) + got.Body)[1]
		}
		p.verify(t, tokens, more)
	}
}

var codes = regexp.MustCompile(`code(?:=|" value=")(\w+)`)

func inFragment(r e2e.Reply) bool { return strings.Contains(r.Header.Get("Location"), "#") }

func inQuery(r e2e.Reply) bool {
	location := r.Header.Get("Location")
	return strings.Contains(location, "access_token=") && !strings.Contains(location, "#")
}

func inPage(r e2e.Reply) bool {
	return r.Status == http.StatusOK && r.Header["Content-Type"] == nil && strings.Contains(r.Body, "<form")
}

// There are no public keys, and Glewlwyd says so. Its answer passes, and nothing waits for
// keys.
func glewlwydHS256(t *testing.T) {
	p := startProvider(t, "/api/oidchs", secret+"claim: {kinds: [access, id]}\n")
	got, original := p.token(t, passwords)
	tokens := wantTokens(t, "password", got, original, p.document("pro"), "access_token", "id_token")
	claims := runPython(t, "pyjwt_verify.py", map[string]any{
		"secret": enrichtest.Secret, "algorithms": []string{"HS256"}, "issuer": p.Public.URL(p.plugin), "tokens": []string{tokens["access_token"]},
	})
	if !strings.Contains(claims, `"custom_data":`+p.document("pro")) {
		t.Errorf("PyJWT read the claims %s, want the document in them", claims)
	}
	info, _ := p.ask(t, http.MethodGet, p.plugin+"/userinfo", "", "Authorization: Bearer "+tokens["access_token"])
	wantStatus(t, "userinfo", info, http.StatusOK)
	p.checkRefreshes(t, got)
	keys, _ := p.ask(t, http.MethodGet, p.plugin+"/jwks", "")
	wantStatus(t, "JWKS", keys, http.StatusForbidden)
	var ready struct{ Status string }
	if answer := p.Admin.Ask(t, http.MethodGet, "/readyz", ""); json.Unmarshal([]byte(answer.Body), &ready) != nil || ready.Status != "ready" {
		t.Errorf("/readyz: got %d %s, want ready: no key is missing", answer.Status, answer.Body)
	}
}
