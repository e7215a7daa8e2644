package discover_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/discover"
	"github.com/tokengraft/tokengraft/proxy"
)

// A keysBackend publishes what its paths say, and counts the requests.
type keysBackend struct {
	*httptest.Server
	paths    map[string]string
	requests atomic.Int64
	foreign  atomic.Int64 // requests that are not GET
}

func newKeysBackend(t *testing.T, paths map[string]string) *keysBackend {
	t.Helper()
	b := &keysBackend{paths: paths}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.requests.Add(1)
		if r.Method != http.MethodGet {
			b.foreign.Add(1)
		}
		body, ok := b.paths[r.URL.RequestURI()]
		switch {
		case !ok:
			w.WriteHeader(404)
		case strings.HasPrefix(body, "http"):
			http.Redirect(w, r, body, http.StatusFound)
		default:
			fmt.Fprint(w, body)
		}
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *keysBackend) probe(t *testing.T, secret string, exchanges []discover.Exchange, tokens ...string) discover.Keys {
	t.Helper()
	backend, err := url.Parse(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := proxy.NewClient(proxy.Options{Backend: backend})
	return discover.ProbeKeys(t.Context(), client, backend, []byte(secret), discover.Analysis{Tokens: tokens}, exchanges)
}

const anna = `{"sub":"anna","iss":"https://auth.example.com","aud":["app","web"],"iat":1600000000,"exp":1600003600}`

func TestProbeKeys_FindsTheSetThatVerifies(t *testing.T) {
	ours, other := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
	ours.KeyID, other.KeyID = "ours", "other"
	right, wrong := string(ours.JWKS()), string(other.JWKS())
	document := func(jwks string) string {
		return `{"issuer":"https://auth.example.com","jwks_uri":"https://auth.example.com` + jwks + `","token_endpoint":"https://auth.example.com/token"}`
	}
	for name, tt := range map[string]struct {
		paths map[string]string
		seen  string // path of an answer with a set in the session
		want  string // path of the set
		oidc  bool
		at    string // path of the discovery document
	}{
		"well-known":       {paths: map[string]string{"/.well-known/jwks.json": right}, want: "/.well-known/jwks.json"},
		"not the first":    {paths: map[string]string{"/.well-known/jwks.json": wrong, "/jwks": "<html>", "/oauth/discovery/keys": right}, want: "/oauth/discovery/keys"},
		"seen":             {paths: map[string]string{"/internal/pub?v=2": right}, seen: "/internal/pub?v=2", want: "/internal/pub?v=2"},
		"seen with a key":  {paths: map[string]string{"/pub": right, "/pub?apikey=s3cret": right}, seen: "/pub?apikey=s3cret", want: "/pub"},
		"only with a key":  {paths: map[string]string{"/pub?key=s3cret": right}, seen: "/pub?key=s3cret"},
		"of a policy":      {paths: map[string]string{"/pub?p=B2C_1_signin": right}, seen: "/pub?p=B2C_1_signin", want: "/pub?p=B2C_1_signin"},
		"discovery":        {paths: map[string]string{"/.well-known/openid-configuration": document("/k?x=1"), "/k?x=1": right}, want: "/k?x=1", oidc: true},
		"metadata":         {paths: map[string]string{"/.well-known/oauth-authorization-server": document("/k"), "/k": right}, want: "/k", oidc: true, at: "/.well-known/oauth-authorization-server"},
		"foreign document": {paths: map[string]string{"/.well-known/openid-configuration": document("/k"), "/k": wrong, "/jwks": right}, want: "/jwks"},
		"redirect":         {paths: map[string]string{"/jwks": "/elsewhere", "/elsewhere": right}},
		"another host":     {paths: map[string]string{"/jwks": "http://192.0.2.1/jwks"}},
		"nowhere":          {},
	} {
		t.Run(name, func(t *testing.T) {
			b := newKeysBackend(t, tt.paths)
			var session []discover.Exchange
			if tt.seen != "" {
				path, query, _ := strings.Cut(tt.seen, "?")
				session = append(session, discover.Exchange{Method: "GET", Path: path, RawQuery: query, Status: 200, Body: []byte(right)})
			}
			k := b.probe(t, "", session, ours.Token(anna))
			if got := strings.TrimPrefix(k.JWKS, b.URL); got != tt.want || k.OIDC != tt.oidc || k.Discovery != tt.at {
				t.Errorf("keys at %q, oidc %v at %q; want %q, %v at %q; notes %q", got, k.OIDC, k.Discovery, tt.want, tt.oidc, tt.at, k.Notes)
			}
			if k.NeedsPublicKey != (tt.want == "") || k.NeedsSecret {
				t.Errorf("needs public key %v and secret %v; want %v and false", k.NeedsPublicKey, k.NeedsSecret, tt.want == "")
			}
			if !slices.Equal(k.Issuer, []string{"https://auth.example.com"}) || !slices.Equal(k.Audience, []string{"app"}) || !slices.Equal(k.Algorithms, []string{"ES256"}) {
				t.Errorf("issuer %q, audience %q, algorithms %q; want those of the token", k.Issuer, k.Audience, k.Algorithms)
			}
			if b.requests.Load() > 50 || b.foreign.Load() > 0 {
				t.Errorf("%d requests, %d of them not GET; want at most 50 and none", b.requests.Load(), b.foreign.Load())
			}
		})
	}
}

func TestProbeKeys_SaysHowTheSecretIsRead(t *testing.T) {
	key := []byte(strings.Repeat("0123456789abcdef", 4) + "\xff\xfe")
	binary, text, line := enrichtest.NewIssuer(t, "HS256"), enrichtest.NewIssuer(t, "HS256"), enrichtest.NewIssuer(t, "HS256")
	binary.Private, line.Private = key, []byte(enrichtest.Secret+"\n")
	b := newKeysBackend(t, nil)
	for name, tt := range map[string]struct {
		issuer       *enrichtest.Issuer
		secret, want string
		note         string
	}{
		"text":               {text, enrichtest.Secret, "text", ""},
		"text of a file":     {text, enrichtest.Secret + "\n", "text", ""},
		"base64":             {binary, base64.StdEncoding.EncodeToString(key), "base64", ""},
		"base64 of a file":   {binary, base64.StdEncoding.EncodeToString(key) + "\n", "base64", ""},
		"base64url":          {binary, base64.RawURLEncoding.EncodeToString(key), "base64url", ""},
		"hex":                {binary, hex.EncodeToString(key), "hex", ""},
		"with a line end":    {line, enrichtest.Secret, "text", "only with a line end"},
		"of another backend": {text, "another secret of no less than thirty-two bytes", "", "is wrong"},
		"none":               {text, "", "", "Run discover again with it"},
	} {
		t.Run(name, func(t *testing.T) {
			k := b.probe(t, tt.secret, nil, tt.issuer.Token(anna))
			notes := strings.Join(k.Notes, "\n")
			if k.SecretEncoding != tt.want || !k.NeedsSecret || !strings.Contains(notes, tt.note) || tt.note == "" && notes != "" {
				t.Errorf("encoding %q, needs a secret %v, notes %q; want %q, true, %q", k.SecretEncoding, k.NeedsSecret, notes, tt.want, tt.note)
			}
			if tt.secret != "" && strings.Contains(notes, tt.secret) {
				t.Errorf("the notes contain the secret: %s", notes)
			}
		})
	}
}

func TestProbeKeys_NamesWhatIsNotSupported(t *testing.T) {
	pocketbase, plain := enrichtest.NewIssuer(t, "HS256"), enrichtest.NewIssuer(t, "HS256")
	b := newKeysBackend(t, nil)
	unsigned := enrichtest.EncodeSegment(`{"alg":"none"}`) + "." + enrichtest.EncodeSegment(anna) + "."
	for name, tt := range map[string]struct{ token, want string }{
		"per user": {pocketbase.Token(`{"id":"u1","collectionId":"c1","type":"auth","exp":1900000000}`), "PocketBase"},
		"unsigned": {unsigned, "not signed"},
		"unknown":  {plain.TokenWithHeader(`{"alg":"ES256K"}`, anna), "ES256K, which tokengraft does not support"},
		"no exp":   {plain.Token(`{"sub":"anna"}`), "never expire"},
	} {
		t.Run(name, func(t *testing.T) {
			exchanges := []discover.Exchange{{At: time.Now(), Header: http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}}}}
			if k := b.probe(t, "", exchanges, tt.token); !strings.Contains(strings.Join(k.Notes, "\n"), tt.want) {
				t.Errorf("notes %q, want %q in one of them", k.Notes, tt.want)
			}
		})
	}
}

func TestProbeKeys_LeavesOutIssuersThatDiffer(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	b := newKeysBackend(t, nil)
	k := b.probe(t, enrichtest.Secret, nil, issuer.Token(`{"sub":"a","iss":"http://h/login","aud":"x"}`), issuer.Token(`{"sub":"a","iss":"http://h/refresh","aud":["y","x"]}`))
	if len(k.Issuer) != 0 || !slices.Equal(k.Audience, []string{"x"}) || !strings.Contains(strings.Join(k.Notes, "\n"), "same iss") {
		t.Errorf("issuer %q, audience %q, notes %q; want none, x, a note about iss", k.Issuer, k.Audience, k.Notes)
	}
}

func TestProbeKeys_LeavesOutAnIssuerThatIsTheAddressOfDiscover(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	b := newKeysBackend(t, nil)
	session := []discover.Exchange{{RequestHeader: http.Header{"Host": {"127.0.0.1:8080"}}}}
	k := b.probe(t, enrichtest.Secret, session, issuer.Token(`{"sub":"a","iss":"http://127.0.0.1:8080/api/login"}`))
	if len(k.Issuer) != 0 || !strings.Contains(strings.Join(k.Notes, "\n"), "derives it from the Host") {
		t.Errorf("issuer %q, notes %q; want none, and why", k.Issuer, k.Notes)
	}
}

// In a recording the address is the backend's own, so the issuer is that of its tokens.
func TestProbeKeys_KeepsTheIssuerOfARecording(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	b := newKeysBackend(t, nil)
	session := []discover.Exchange{{Recorded: true, RequestHeader: http.Header{"Host": {"blog.example"}}}}
	k := b.probe(t, enrichtest.Secret, session, issuer.Token(`{"sub":"a","iss":"https://blog.example"}`))
	if !slices.Equal(k.Issuer, []string{"https://blog.example"}) || len(k.Notes) > 1 {
		t.Errorf("issuer %q, notes %q; want https://blog.example", k.Issuer, k.Notes)
	}
}

func TestProbeKeys_SaysThatNothingNamesTheApplication(t *testing.T) {
	b := newKeysBackend(t, nil)
	k := b.probe(t, enrichtest.Secret, nil, enrichtest.NewIssuer(t, "HS256").Token(`{"sub":"a","exp":1900000000}`))
	if !strings.Contains(strings.Join(k.Notes, "\n"), "neither iss nor aud") {
		t.Errorf("notes %q, want one about iss and aud", k.Notes)
	}
}

func TestProbeKeys_LooksBelowThePathOfTheIssuer(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	document := `{"issuer":"https://h/realms/a","jwks_uri":"https://h/realms/a/k"}`
	for _, at := range []string{"/realms/a/.well-known/openid-configuration", "/realms/a/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/realms/a"} {
		b := newKeysBackend(t, map[string]string{at: document, "/realms/a/k": string(issuer.JWKS())})
		if k := b.probe(t, "", nil, issuer.Token(`{"sub":"a","iss":"https://h/realms/a"}`)); !k.OIDC || k.Discovery != at {
			t.Errorf("oidc %v at %q, want that of %s", k.OIDC, k.Discovery, at)
		}
	}
}

func TestProbeKeys_ComparesClocks(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	b := newKeysBackend(t, nil)
	at := time.Now()
	session := []discover.Exchange{{At: at, Header: http.Header{"Date": {at.Add(3 * time.Minute).UTC().Format(http.TimeFormat)}}}}
	if k := b.probe(t, enrichtest.Secret, session, issuer.Token(anna)); !strings.Contains(strings.Join(k.Notes, "\n"), "differs by 3m0s") {
		t.Errorf("notes %q, want the difference of 3m0s", k.Notes)
	}
}
