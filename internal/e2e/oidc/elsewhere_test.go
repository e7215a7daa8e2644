package oidc_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// An otherDoor is a provider that answers authorization requests from paths of its own, as
// Dex does: the authorization endpoint redirects to a login page, and the flow ends at
// /callback or /approval.
type otherDoor struct {
	*e2e.Backend
	issuer *enrichtest.Issuer
}

const loginPage = `<!DOCTYPE html><form method="post" action="/login"><input type="hidden" name="req" value="1"><input name="login"></form>`

func startOtherDoor(t *testing.T) otherDoor {
	p := otherDoor{e2e.StartBackend(t), enrichtest.NewIssuer(t, "RS256")}
	p.Publish(e2e.JWKS(p.issuer))
	p.Handle("/.well-known/openid-configuration", e2e.Response{Body: `{"issuer":"https://idp.example.com","jwks_uri":"https://idp.example.com/jwks.json",` +
		`"authorization_endpoint":"https://idp.example.com/auth","token_endpoint":"https://idp.example.com/token","response_types_supported":["code","id_token token"]}`})
	p.Handle("/auth", e2e.Response{Status: 302, Header: []string{"Location: /login"}})
	p.Handle("GET /login", e2e.Response{Header: []string{"Content-Type: text/html", `ETag: "1"`}, Body: loginPage})
	p.Handle("GET /callback", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://app.example.com/cb#"+p.grant()+"&state="+r.FormValue("state"), http.StatusSeeOther)
	}))
	p.Handle("POST /approval", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, `<body onload="document.forms[0].submit()"><form method="post" action="https://app.example.com/cb">`)
		for pair := range strings.SplitSeq(p.grant(), "&") {
			name, value, _ := strings.Cut(pair, "=")
			fmt.Fprintf(w, `<input type="hidden" name="%s" value="%s">`, name, value)
		}
		io.WriteString(w, `</form>`)
	}))
	return p
}

// grant returns the parameters of an implicit flow.
func (p otherDoor) grant() string {
	now := time.Now().Unix()
	token := func(more string) string {
		return p.issuer.Token(fmt.Sprintf(`{"iss":"https://idp.example.com","sub":"id1","aud":"web","iat":%d,"exp":%d%s}`, now, now+3600, more))
	}
	return "access_token=" + token("") + "&id_token=" + token(`,"nonce":"n"`) + "&token_type=bearer"
}

// TestElsewhere_FlowEndsOutsideTheAuthorizationEndpoint ends flows at paths that the
// discovery document does not name.
func TestElsewhere_FlowEndsOutsideTheAuthorizationEndpoint(t *testing.T) {
	for name, more := range map[string]string{"enriching": "", "shadow": "shadow: true\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			provider := startOtherDoor(t)
			s := e2e.Start(t, e2e.Options{
				Configuration: fmt.Sprintf("backend: %s\noidc: true\nsign: {keys: keys}\nclaim: {kinds: [access, id]}\ndocuments: {file: users.json, user_id_field: id}\n%s", provider.URL, more),
				Documents:     `[{"id":"id1","lang":"en"}]`,
			})
			s.WaitReady(t, "jwks")
			for _, target := range []string{"GET /callback?state=s", "POST /approval"} {
				method, path, _ := strings.Cut(target, " ")
				reply := s.Public.Ask(t, method, path, "")
				checkFlow(t, target, fmt.Sprint(reply.Header)+reply.Body, more != "")
			}
			e2e.Eventually(t, "ok was counted 4 times", func() bool { return s.Metrics(t).Reasons()["ok"] == 4 })
			page := s.Public.Ask(t, http.MethodGet, "/login", "")
			if page.Body != loginPage || page.Header.Get("ETag") != `"1"` {
				t.Errorf("the login page is %q with ETag %q, want it unchanged", page.Body, page.Header.Get("ETag"))
			}
		})
	}
}

// checkFlow checks the two tokens in the text of a response.
func checkFlow(t *testing.T, target, text string, shadow bool) {
	t.Helper()
	tokens := e2e.Tokens(text)
	if len(tokens) != 2 && !strings.Contains(text, "</a>") {
		t.Fatalf("%s: got %d tokens in %s, want 2", target, len(tokens), text)
	}
	for _, token := range tokens {
		_, claims := enrichtest.DecodeToken(t, token)
		claims, _ = enrichtest.CutRecord(claims)
		if enriched := strings.HasSuffix(claims, `,"custom_data":{"id":"id1","lang":"en"}}`); enriched == shadow {
			t.Errorf("%s: got claims %s, want the document at their end: %t", target, claims, !shadow)
		}
	}
}
