package proxy_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// fakeEnricher is an Enricher that returns the same reason for every token and records the
// grants.
type fakeEnricher struct {
	reason enrich.Reason
	grants chan enrich.Grant
}

func newFakeEnricher(reason enrich.Reason) *fakeEnricher {
	return &fakeEnricher{reason, make(chan enrich.Grant, 10)}
}

func (s *fakeEnricher) Enrich(_ context.Context, g enrich.Grant) []enrich.Outcome {
	s.grants <- g
	outcomes := make([]enrich.Outcome, len(g.Tokens))
	for i, issued := range g.Tokens {
		outcomes[i] = enrich.Outcome{Raw: issued.Raw, Reason: s.reason}
	}
	return outcomes
}

func (s *fakeEnricher) EnrichObject(_ context.Context, object []byte) ([]byte, error) {
	return object, nil
}

func (s *fakeEnricher) MayRestore(string) bool        { return false }
func (s *fakeEnricher) Restore(string) (string, bool) { return "", false }

// use returns a setup with this Enricher.
func (s *fakeEnricher) use(rules ...proxy.Rule) setup {
	return setup{rules: rules, snapshot: func(snapshot *proxy.Snapshot) { snapshot.Enricher = s }}
}

// twoTokens is a response with two tokens. A rule with json:access_token finds one.
var twoTokens = answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"access_token":"a.b.c","id_token":"d.e.f"}`)

// The media types of requests.
const (
	form     = "Content-Type: application/x-www-form-urlencoded"
	jsonBody = "Content-Type: application/json"
)

func TestGrant_CauseFollowsFromTheRequest(t *testing.T) {
	tests := []struct {
		name   string
		rule   proxy.Refresh
		target string
		lines  []string
		body   string
		want   enrich.Cause
	}{
		{"grant_type of a form", proxy.RefreshAuto, "/token", []string{form}, "grant_type=refresh_token&refresh_token=x", enrich.CauseRefresh},
		{"another grant_type", proxy.RefreshAuto, "/token", []string{form}, "grant_type=password&username=x", enrich.CauseLogin},
		{"grant_type of JSON", proxy.RefreshAuto, "/token", []string{jsonBody}, `{"grant_type":"refresh_token"}`, enrich.CauseRefresh},
		{"grant_type of a multipart form", proxy.RefreshAuto, "/token", []string{"Content-Type: multipart/form-data; boundary=b"}, "--b\r\nContent-Disposition: form-data; name=grant_type\r\n\r\nrefresh_token\r\n--b--\r\n", enrich.CauseRefresh},
		{"a field of a form", proxy.RefreshAuto, "/token", []string{form}, "refreshToken=x", enrich.CauseRefresh},
		{"a form with an invalid media type", proxy.RefreshAuto, "/token", []string{form + "; a=1; a=2"}, "refresh_token=x", enrich.CauseUnknown},
		{"a member of JSON", proxy.RefreshAuto, "/token", []string{jsonBody}, `{"variables":{"refresh":1}}`, enrich.CauseRefresh},
		{"a cookie", proxy.RefreshAuto, "/token", []string{"Cookie: _ga=1; __Host-refresh=x"}, "", enrich.CauseRefresh},
		{"the last path segment", proxy.RefreshAuto, "/session/renew", nil, "", enrich.CauseRefresh},
		{"none of these", proxy.RefreshAuto, "/token", []string{form}, "user=x", enrich.CauseLogin},
		{"identity, which is not a coding", proxy.RefreshAuto, "/token", []string{form, "Content-Encoding: identity"}, "grant_type=refresh_token", enrich.CauseRefresh},
		{"a coding", proxy.RefreshAuto, "/token", []string{form, "Content-Encoding: identity", "Content-Encoding: gzip"}, "grant_type=refresh_token", enrich.CauseUnknown},
		{"a coding that the backend does not see", proxy.RefreshAuto, "/token", []string{form, "Content-Encoding: gzip", "Connection: close, content-encoding"}, "grant_type=refresh_token", enrich.CauseRefresh},
		{"a cookie that the backend does not see", proxy.RefreshAuto, "/token", []string{"Cookie: refresh=x", "Connection: Cookie"}, "", enrich.CauseLogin},
		{"a type that the backend does not see", proxy.RefreshAuto, "/token", []string{form, "Connection: Content-Type"}, "grant_type=refresh_token", enrich.CauseUnknown},
		{"a body over the limit", proxy.RefreshAuto, "/token", []string{form}, "grant_type=refresh_token&x=" + strings.Repeat("x", 1<<20), enrich.CauseUnknown},
		{"always, without a look", proxy.RefreshAlways, "/token", []string{form}, "grant_type=password&username=x", enrich.CauseRefresh},
		{"always", proxy.RefreshAlways, "/token", nil, "", enrich.CauseRefresh},
		{"never", proxy.RefreshNever, "/token", []string{form}, "grant_type=refresh_token", enrich.CauseLogin},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			enricher := newFakeEnricher(enrich.NoDocument)
			matching := rule(t, "POST /", "json:access_token")
			matching.Refresh = tt.rule
			f, _ := startResponding(t, twoTokens, enricher.use(matching))
			f.ask(t, request("POST", tt.target, tt.lines, tt.body))
			if g := <-enricher.grants; g.Cause != tt.want {
				t.Errorf("cause %s, want %s", g.Cause, tt.want)
			}
		})
	}
}

// F1: reads for a refresh begin after Answered, which is when the header of the response
// arrived, not its body.
func TestGrant_AnsweredIsWhenTheHeaderArrived(t *testing.T) {
	enricher := newFakeEnricher(enrich.NoDocument)
	var sent, ended time.Time
	head, body, _ := strings.Cut(twoTokens, "\r\n\r\n")
	s, answered := reportAnswered(enricher.use(rule(t, "POST /login", "json:access_token")))
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		sent = time.Now()
		r.Send(head + "\r\n\r\n")
		<-answered // send the body late
		ended = time.Now()
		r.Send(body)
	})
	f := start(t, backend.URL, s)
	f.ask(t, login)
	if g := <-enricher.grants; g.Answered.Before(sent) || !g.Answered.Before(ended) {
		t.Errorf("Answered is %s after the header was sent, want it between 0 and the body at %s", g.Answered.Sub(sent), ended.Sub(sent))
	}
}

// C2: c_hash and s_hash are hashes of code and state.
func TestGrant_HasCodeAndStateOfTheRequestOrTheResponse(t *testing.T) {
	tests := []struct{ name, target, body, answer, code, state string }{
		{"form", "/login", "code=abc&state=s%201", twoTokens, "abc", "s 1"},
		{"JSON", "/login", `{"code":"abc","state":"s"}`, twoTokens, "abc", "s"},
		{"query", "/login?code=abc&state=s", "", twoTokens, "abc", "s"},
		{"redirect", "/login?state=old", "", answer("HTTP/1.1 302 Found\nLocation: https://app/#access_token=a.b.c&code=new&state=s2", ""), "new", "s2"},
		{"neither", "/login", "", twoTokens, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			enricher := newFakeEnricher(enrich.NoDocument)
			f, _ := startResponding(t, tt.answer, enricher.use(rule(t, "POST /login", "json:access_token", "fragment:access_token")))
			kind := form
			if strings.HasPrefix(tt.body, "{") {
				kind = jsonBody
			}
			f.ask(t, request("POST", tt.target, []string{kind}, tt.body))
			if g := <-enricher.grants; g.Code != tt.code || g.State != tt.state {
				t.Errorf("Code = %q, State = %q; want %q, %q", g.Code, g.State, tt.code, tt.state)
			}
		})
	}
}

func TestGrant_HasEachTokenOnceWithItsSmallestBudget(t *testing.T) {
	enricher := newFakeEnricher(enrich.NoDocument)
	text := answer("HTTP/1.1 200 OK\nContent-Type: application/json\nX-Token: a.b.c", `{"access_token":"a.b.c","id_token":"d.e.f","refresh_token":"g.h.i"}`)
	f, _ := startResponding(t, text, enricher.use(refusing(rule(t, "POST /login", "json:access_token", "json:id_token", "json:refresh_token", "header:X-Token"))))
	f.ask(t, login)
	g := <-enricher.grants
	line := 4<<10 - len("X-Token: ")
	want := []enrich.Issued{{Raw: "a.b.c", Kind: enrich.Access, Budget: line}, {Raw: "d.e.f", Kind: enrich.ID, Budget: 6 << 10}}
	if len(g.Tokens) != 2 || g.Tokens[0] != want[0] || g.Tokens[1] != want[1] || g.MarkFailure || g.DPoP || g.Cause != enrich.CauseLogin {
		t.Errorf("grant = %+v, want the tokens %+v and no other field set", g, want)
	}
}

// A hook must not create a document for a client.
func TestGrant_ClientCredentialsFollowFromTheRequest(t *testing.T) {
	for _, tt := range []struct {
		target, kind, body string
		want               bool
	}{
		{"/login", form, "grant_type=client_credentials", true},
		{"/login", jsonBody, `{"grant_type":"client_credentials"}`, true},
		{"/login?grant_type=client_credentials", form, "username=u&password=p", false},
		{"/login", form, "grant_type=client_credentials&grant_type=password", false},
	} {
		enricher := newFakeEnricher(enrich.NoDocument)
		f, _ := startResponding(t, twoTokens, enricher.use(rule(t, "POST /login", "json:access_token")))
		f.ask(t, request("POST", tt.target, []string{tt.kind}, tt.body))
		if g := <-enricher.grants; g.ClientCredentials != tt.want {
			t.Errorf("%s %s: ClientCredentials = %t, want %t", tt.target, tt.body, g.ClientCredentials, tt.want)
		}
	}
}

// D6: a client can add the header DPoP to any request.
func TestGrant_ResponseSaysThatTokensAreBound(t *testing.T) {
	const proof = "POST /login HTTP/1.1\r\nHost: h\r\nDPoP: a.b.c\r\nContent-Length: 0\r\n\r\n"
	for _, tt := range []struct {
		name, request, tokenType string
		want                     enrich.Reason
	}{
		{"token_type DPoP", login, `"dpop"`, enrich.KeyBound},
		{"token_type Bearer", login, `"Bearer"`, enrich.OK},
		{"a proof in the request only", proof, `"Bearer"`, enrich.OK},
		{"no token_type", proof, `null`, enrich.OK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			response := func(token string) string {
				return answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"access_token":"`+token+`","token_type":`+tt.tokenType+`}`)
			}
			f, token := startIssuing(t, setup{rules: []proxy.Rule{refusing(rule(t, "POST /login", "json:access_token"))}}, response)
			res, body := f.ask(t, tt.request)
			if n := f.reason(t, tt.want); res.StatusCode != 200 || n != 1 || strings.Contains(body, token) != (tt.want == enrich.KeyBound) {
				t.Errorf("got %d %q, %s counted %d times; want 200 and 1, with the original token only if it is bound", res.StatusCode, body, tt.want, n)
			}
		})
	}
}

// RFC 8693: a token exchange returns every kind of token in access_token.
func TestGrant_KindFollowsFromIssuedTokenType(t *testing.T) {
	tests := []struct {
		issued string
		want   []enrich.Kind
	}{
		{"urn:ietf:params:oauth:token-type:access_token", []enrich.Kind{enrich.Access}},
		{"urn:ietf:params:oauth:token-type:jwt", []enrich.Kind{enrich.Access}},
		{"urn:ietf:params:oauth:token-type:id_token", []enrich.Kind{enrich.ID}},
		{"urn:ietf:params:oauth:token-type:refresh_token", nil},
	}
	for _, tt := range tests {
		enricher := newFakeEnricher(enrich.NoDocument)
		f, _ := startResponding(t, answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"access_token":"a.b.c","issued_token_type":"`+tt.issued+`"}`),
			enricher.use(rule(t, "POST /login", "json:access_token")))
		f.ask(t, login)
		var got []enrich.Kind
		for _, issued := range (<-enricher.grants).Tokens {
			got = append(got, issued.Kind)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("issued_token_type %s: kinds = %q, want %q", tt.issued, got, tt.want)
		}
	}
}
