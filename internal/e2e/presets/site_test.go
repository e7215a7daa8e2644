package presets_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A site is a backend behind a sidecar with a preset.
type site struct {
	preset, own, prefix string // prefix replaces own
	issuer              *enrichtest.Issuer
	backend             *e2e.Backend
	public              e2e.Address
}

// startSite starts a site whose users have the documents of the preset's exchanges.
func startSite(t *testing.T, preset, own, prefix string) site {
	t.Helper()
	s := site{preset: preset, own: own, prefix: prefix, issuer: enrichtest.NewIssuer(t, "HS256"), backend: e2e.StartBackend(t)}
	documents := []string{}
	for _, x := range exchanges {
		if x.preset == preset && !slices.Contains(documents, x.complete().document) {
			documents = append(documents, x.complete().document)
		}
	}
	s.public = start(t, s.backend, fmt.Sprintf("{name: %s, prefix: %q}", preset, prefix),
		fmt.Sprintf("verify: {secret: %q}", enrichtest.Secret), strings.Join(documents, ","))
	return s
}

// at returns a request with the prefix of the site.
func (s site) at(request string) string {
	method, path, _ := strings.Cut(request, " ")
	rest, ok := strings.CutPrefix(path, s.own)
	switch {
	case !ok:
		return request
	case s.prefix == "" && !strings.HasPrefix(rest, "/"):
		rest = "/" + rest
	}
	return method + " " + s.prefix + rest
}

func (x exchange) complete() exchange {
	if x.preset == "supabase" && x.claims == "" {
		x.claims, x.document = supabaseUser, `{"id":"8a2e"}`
	}
	return x
}

// run sends the request of an exchange, and returns the token before and after.
func (s site) run(t *testing.T, x exchange) (original, enriched string) {
	t.Helper()
	x = x.complete()
	now := time.Now().Unix()
	original = s.issuer.Token(fmt.Sprintf(`{"iat":%d,"exp":%d,%s}`, now, now+3600, x.claims))
	fill := strings.NewReplacer("ID_TOKEN", s.issuer.Token(`{"aud":"1f","sub":"8a2e"}`), "TOKEN", original).Replace
	x.header, x.body = fill(x.header), fill(x.body)
	method, target, sent := split(s.at(x.request))
	path, _, _ := strings.Cut(target, "?")
	answer := e2e.Response{Status: x.status, Header: []string{"Content-Type: application/json; charset=utf-8"}, Body: x.body}
	if x.header != "" {
		answer.Header = append(answer.Header, x.header)
	}
	if strings.HasSuffix(path, "/") {
		path += "{$}"
	}
	s.backend.Handle(method+" "+path, answer)

	got := s.public.Ask(t, method, target, sent, "Content-Type: "+typeOf(sent))
	enriched = accessTokenIn(fmt.Sprint(got.Header) + got.Body)
	claim := "custom_data"
	if s.preset == "app-services" {
		claim = "user_data"
	}
	if claims := claimsOf(t, enriched); !strings.Contains(claims, fmt.Sprintf(",%q:%s}", claim, x.document)) {
		t.Errorf("%s: got claims %s, want the document %s in them", s.at(x.request), claims, x.document)
	}
	if want := strings.ReplaceAll(x.body, original, enriched); got.Body != want {
		t.Errorf("%s:\ngot  %s\nwant %s", s.at(x.request), got.Body, want)
	}
	name, value, _ := strings.Cut(x.header, ": ")
	if want := strings.ReplaceAll(value, original, enriched); got.Header.Get(name) != want {
		t.Errorf("%s: got %s: %s, want %s", s.at(x.request), name, got.Header.Get(name), want)
	}
	return original, enriched
}

// restores sends an enriched token to a place, and checks that the backend gets its own.
func (s site) restores(t *testing.T, p place, original, enriched string) {
	t.Helper()
	s.backend.Take()
	method, target, body := split(strings.ReplaceAll(s.at(p.request), "TOKEN", enriched))
	lines := []string{"Content-Type: " + typeOf(body)}
	if p.line != "" {
		lines = append(lines, strings.ReplaceAll(p.line, "TOKEN", enriched))
	}
	s.public.Ask(t, method, target, body, lines...)
	want := p.sent
	if strings.HasPrefix(want, method+" ") {
		want = s.at(want)
	}
	want = strings.ReplaceAll(want, "ORIGINAL", original)
	for _, r := range s.backend.Take() {
		if r.Line == want || r.Body == want || r.Header.Get("Authorization") == want || r.Header.Get("Cookie") == want {
			return
		}
	}
	t.Errorf("%s %s: the backend did not get %q", s.at(p.request), p.line, p.sent)
}

// start starts a sidecar with a preset and one document.
func start(t *testing.T, backend *e2e.Backend, preset, more, document string) e2e.Address {
	t.Helper()
	return e2e.Start(t, e2e.Options{
		Configuration: fmt.Sprintf("backend: %s\nadmin: off\npreset: %s\non_failure: refuse\n%s\ndocuments: {file: users.json, user_id_field: id}\n", backend.URL, preset, more),
		Documents:     "[" + document + "]",
	}).Public
}

// accessTokenIn returns the first access token in a text, or "". It skips tokens
// without exp, which are the refresh tokens of these backends.
func accessTokenIn(text string) string {
	for _, token := range e2e.Tokens(text) {
		if parsed, _ := enrich.ParseToken(token); parsed.Claim("exp") != nil {
			return token
		}
	}
	return ""
}

func claimsOf(t *testing.T, token string) string {
	t.Helper()
	if token == "" {
		return ""
	}
	_, claims := enrichtest.DecodeToken(t, token)
	claims, _ = enrichtest.CutRecord(claims)
	return claims
}
