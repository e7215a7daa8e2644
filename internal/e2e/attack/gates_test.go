package attack_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// A gateRow is a request with which a client wants a token to leave a gate unseen. The
// gate is at POST /oauth/token, and the backend issues a token for every request.
type gateRow struct {
	kind
	sends   string
	request string // the request line and more lines of the header
	answer  string // the response of the backend; TOKEN is Anna's. By default JSON
	want    string // enriched, or the status of the refusal
}

var (
	gatePaths   = kind{"paths around a gate", "G8"}
	gateMethods = kind{"methods around a gate", "G8"}
	gateAnswers = kind{"answers that hide a token from a gate", "G8"}
	gateAway    = kind{"a gate without its source", "G8"}
	forgedLogin = kind{"a forged provider", "B2"}
)

const jsonAnswer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

var gateRows = []gateRow{
	gatePath("/oauth/token", "enriched"),
	gatePath("//oauth/./%74oken", "enriched"),
	gatePath("/oauth/token;x", "400"),
	gatePath("/oauth;a=b/token", "400"),
	gatePath("/OAuth/Token", "400"),
	gatePath("/oauth/%2e/token", "400"),
	gatePath("/x/..;/oauth/token", "400"),
	gatePath("/oauth%2Ftoken", "400"),
	gatePath("/oauth/%2574oken", "400"),
	gatePath("/oauth//../token", "400"),
	gatePath("/oauth\\token", "400"),
	gatePath("/oauth/token/", "400"),
	gatePath("/oauth/token.", "400"),
	gatePath("/oauth/token%00", "400"),
	gatePath("/oauth/token%20", "400"),
	gatePath("/oauth/token#x", "400"),
	gatePath("//host/oauth/token", "400"),
	gatePath("/\\host/oauth/token", "400"),
	gatePath("/oauth/token%c2%a0", "400"),
	gatePath("/oauth%EF%BC%8Ftoken", "400"),
	{gatePaths, "POST http://h/OAuth/token", "POST http://h/OAuth/token HTTP/1.1\r\n", "", "400"},
	{gatePaths, "POST /x with X-Original-URL", "POST /x HTTP/1.1\r\nX-Original-URL: /oauth/token\r\n", "", "400"},

	{gateMethods, "GET with X-HTTP-Method-Override: POST", "GET /oauth/token HTTP/1.1\r\nX-HTTP-Method-Override: POST\r\n", "", "enriched"},
	{gateMethods, "PUT with X_Method_Override: post", "PUT /oauth/token HTTP/1.1\r\nX_Method_Override: post\r\n", "", "enriched"},
	{gateMethods, "GET with ?_method=POST", "GET /oauth/token?_method=POST HTTP/1.1\r\n", "", "enriched"},
	{gateMethods, "post in lower case", "post /oauth/token HTTP/1.1\r\n", "", "enriched"},
	{gateMethods, "GET /OAuth/token?_method=POST", "GET /OAuth/token?_method=POST HTTP/1.1\r\n", "", "400"},

	gateAnswer("Range: bytes=1-, and the backend sends 206", "Range: bytes=1-", "HTTP/1.1 206 Partial Content\r\nContent-Type: application/json\r\nContent-Range: bytes 1-9/9\r\n", `"access_token":"TOKEN"}`),
	gateAnswer("input that is repeated, 2 MB", "X-Long: 1", jsonAnswer, `{"access_token":"TOKEN","you_sent":"`+strings.Repeat("x", 2<<20)+`"}`),
	gateAnswer("input that is repeated, 2 MB in 2 KB of gzip", "X-Long: 1", jsonAnswer+"Content-Encoding: gzip\r\n", `{"access_token":"TOKEN","you_sent":"`+strings.Repeat("x", 2<<20)+`"}`),
	gateAnswer("Accept: text/plain", "Accept: text/plain", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", `access_token=TOKEN`),
	gateAnswer("Accept: application/xml", "Accept: application/xml", "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n", `<access_token>TOKEN</access_token>`),
	gateAnswer("Accept: text/event-stream", "Accept: text/event-stream", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n", "data: TOKEN\n\n"),
	gateAnswer("Accept-Charset: utf-16", "Accept-Charset: utf-16", jsonAnswer, "UTF-16"),
	gateAnswer("an unknown content coding", "Accept-Encoding: compress", jsonAnswer+"Content-Encoding: compress\r\n", `{"access_token":"TOKEN"}`),
	gateAnswer("escaped characters", "A: b", jsonAnswer, `{"jwt":"\u0065ESCAPED"}`),
	gateAnswer("Accept: application/json;charset=IBM037", "Accept: application/json;charset=IBM037", "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=IBM037\r\n", "EBCDIC"),
	gateAnswer("a name that is written before the token", "A: b", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", "nameTOKEN"),
	gateAnswer("redirect_uri=https://app/?state=a", "A: b", "HTTP/1.1 302 Found\r\nLocation: https://app/?state=a?token=TOKEN\r\n", ""),
	gateAnswer("a session in base64", "A: b", "HTTP/1.1 200 OK\r\nSet-Cookie: sb-auth-token=base64-BASE64\r\n", ""),
	gateAnswer("a token in two cookies", "A: b", "HTTP/1.1 200 OK\r\nSet-Cookie: a=START\r\nSet-Cookie: b=END\r\n", ""),
	gateAnswer("gzip that is not declared", "A: b", jsonAnswer, "GZIP"),
	{gateAnswers, "a token in early hints", "POST /oauth/token HTTP/1.1\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </TOKEN>\r\n\r\n" + jsonAnswer + "\r\n" + `{"mfa":true}`, "200"},
	gateAnswer("response_mode=fragment", "A: b", "HTTP/1.1 302 Found\r\nLocation: https://app/#access_token=TOKEN\r\n", ""),
	gateAnswer("two logins at once, one of them under an alias", "A: b", jsonAnswer, `{"access_token":"OTHER","x":{"access_token":"TOKEN"}}`),
	gateAnswer("a login for a cookie", "A: b", "HTTP/1.1 204 No Content\r\nSet-Cookie: jwt=TOKEN\r\n", ""),
}

func gatePath(path, want string) gateRow {
	return gateRow{gatePaths, "POST " + path, "POST " + path + " HTTP/1.1\r\n", "", want}
}

// gateAnswer returns a row in which the backend answers as the client wants.
func gateAnswer(sends, line, head, body string) gateRow {
	return gateRow{gateAnswers, sends, "POST /oauth/token HTTP/1.1\r\n" + line + "\r\n", head + "\r\n" + body, "503"}
}

func gzipOf(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

// attackGates checks that no token leaves a gate unseen.
func (s *suite) attackGates(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	token, other := issuer.Token(claimsOf(quoted(anna), "")), issuer.Token(claimsOf(quoted(mallory), ""))
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.ReadBody()
		if strings.HasPrefix(r.Line, "GET /jwks.json") {
			r.SendJSON(string(issuer.JWKS()))
			return
		}
		row, _ := r.Get("Row")
		i, _ := strconv.Atoi(row)
		r.Send(gateRows[i].response(token, other))
	})
	configuration := strings.Replace(usual(backend.URL.String()), "{match: POST /login, tokens:", "{match: POST /oauth/token, gate: true, tokens:", 1)
	tg := s.start(t, configuration, "["+annas+"]")
	for i, row := range gateRows {
		s.run(t, row.kind, row.sends, func(t *testing.T) (happens string) {
			got := tg.send(t, fmt.Sprintf("%sHost: h\r\nRow: %d\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", row.request, i))
			return expectGate(t, row.sends, got, token, row.want)
		})
	}
	t.Run("providers", s.attackProviders) // skipped if there is no FerretDB
	away := `documents: {mongodb: {uri: "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50", database: app, collection: users, timeout: 100ms}, user_id_field: id}
user_creation: {document: users.json}`
	tg = s.startUnready(t, strings.Replace(strings.Replace(configuration, " gate: true,", "", 1), "documents: {file: users.json, user_id_field: id}", away, 1), "{}")
	for n := range 5 {
		sends := fmt.Sprintf("login %d while MongoDB cannot be reached, with user_creation and on_failure: pass", n+1)
		s.run(t, gateAway, sends, func(t *testing.T) (happens string) {
			got := tg.send(t, "POST /oauth/token HTTP/1.1\r\nHost: h\r\nRow: 0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			return expectGate(t, sends, got, token, "503")
		})
	}
}

// A providerRow is a path of the rule POST /app/{app}/auth/{provider}/login.
type providerRow struct{ path, provider string }

var providerRows = []providerRow{
	{"/app/my/auth/anon-user/login", "anon-user"},
	{"/app/x%2Fauth%2Flocal-userpass/auth/anon-user/login", "anon-user"},
	{"/app/..%2fapp%2fmy%2fauth%2flocal-userpass/auth/anon-user/login", "anon-user"},
	{"//app/x/../my/auth/anon-user/login", "anon-user"},
}

// attackProviders checks that a client cannot forge the provider with which it signs in,
// as user_creation sees it.
func (s *suite) attackProviders(t *testing.T) {
	created := make(chan string, 1)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		created <- string(body)
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"mark":"hush of a new user"}`)
	}))
	t.Cleanup(hook.Close)
	issuer := enrichtest.NewIssuer(t, "ES256")
	fromMongo := `documents: {mongodb: {uri: "` + inMongo(t, nil) + `", database: app, collection: users, timeout: 5s}, user_id_field: id}
user_creation: {webhook: {url: "` + hook.URL + `"}}`
	configuration := strings.Replace(usual(startBackend(t, issuer).URL), "documents: {file: users.json, user_id_field: id}", fromMongo, 1)
	tg := s.start(t, strings.Replace(configuration, "POST /login", `"POST /app/{app}/auth/{provider}/login"`, 1), "[]")
	for i, row := range providerRows {
		s.run(t, forgedLogin, "POST "+row.path, func(t *testing.T) (happens string) {
			token := issuer.Token(claimsOf(quoted(fmt.Sprint(secret, "-new-", i)), ""))
			tg.ask(t, http.MethodPost, row.path, `{"access_token":"`+token+`"}`)
			select {
			case user := <-created:
				if want := `"provider_type":"` + row.provider + `"`; !strings.Contains(user, want) {
					t.Errorf("%s: user_creation got %s, want %s", row.path, user, want)
					return "THE PROVIDER IS FORGED"
				}
				return "user_creation gets the provider " + row.provider
			default:
				t.Errorf("%s: user_creation did not run", row.path)
				return "USER_CREATION DOES NOT RUN"
			}
		})
	}
}

// response returns the response of the backend to a row.
func (row gateRow) response(token, other string) string {
	early, answer := "", row.answer
	if strings.HasPrefix(answer, "HTTP/1.1 103 ") {
		early, answer, _ = strings.Cut(answer, "\r\n\r\n")
		early = strings.Replace(early, "TOKEN", token, 1) + "\r\n\r\n"
	}
	head, body, _ := strings.Cut(answer, "\r\n\r\n")
	switch {
	case row.answer == "":
		head, body = strings.TrimSuffix(jsonAnswer, "\r\n"), `{"access_token":"TOKEN"}`
	case body == "UTF-16":
		body = strings.Join(strings.Split(`{"access_token":"`+token+`"}`, ""), "\x00") + "\x00"
	}
	session, dot := `{"access_token":"`+token+`"}`, strings.LastIndex(token, ".")
	replace := strings.NewReplacer("TOKEN", token, "OTHER", other, "ESCAPED", token[1:], "START", token[:dot], "END", token[dot+1:],
		"BASE64", base64.RawURLEncoding.EncodeToString([]byte(session)), "GZIP", gzipOf(session), "EBCDIC", "\xc0\x7f\x81")
	head, body = replace.Replace(head), replace.Replace(body)
	if strings.HasSuffix(head, ": gzip") {
		body = gzipOf(body)
	}
	return fmt.Sprintf("%s%s\r\nContent-Length: %d\r\n\r\n%s", early, head, len(body), body)
}

// expectGate checks the response of a gate, and returns what happened.
func expectGate(t *testing.T, sends, got, token, want string) (happens string) {
	t.Helper()
	status := e2e.Statuses(got)
	plain := strings.ReplaceAll(got, "\x00", "")
	if strings.Contains(plain, token[1:]) || strings.Contains(plain, token[len(token)/2:]) || strings.Contains(plain, "a="+token[:20]) || strings.Contains(plain, "base64-eyJ") {
		t.Errorf("%s: the original leaves the gate with status %s", sends, status)
		return "THE ORIGINAL LEAVES, " + status
	}
	switch {
	case want == "enriched" && status == "200" && len(e2e.Tokens(got)) > 0:
		return "the token is enriched"
	case status == want && len(e2e.Tokens(got)) == 0:
		return status + ", and no token"
	}
	t.Errorf("%s: got %s and tokens %q, want %s", sends, status, e2e.Tokens(got), want)
	return "GOT " + status
}
