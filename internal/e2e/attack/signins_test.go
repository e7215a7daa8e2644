package attack_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A signInRow is a request that looks like another one to the sidecar than to the
// backend, or tries to. The backend at /oauth/token issues a token for every request.
type signInRow struct {
	kind
	sends  string
	target string // the method and the target
	lines  string // header lines, separated by line breaks
	body   string
}

var (
	hiddenHooks    = kind{"hooks that are evaded", "D6, F1"}
	hiddenTriggers = kind{"triggers that are evaded", "F1"}
	staleRefresh   = kind{"refreshes that look like logins", "F1"}
)

const (
	formLine         = "Content-Type: application/x-www-form-urlencoded"
	withPassword     = "username=mallory&password=hush-password"
	withRefreshToken = "grant_type=refresh_token&refresh_token=hush-refresh"
)

// signIn returns a row with a form for the token endpoint.
func signIn(k kind, sends, query, lines, body string) signInRow {
	return signInRow{k, sends, "POST /oauth/token" + query, strings.TrimPrefix(lines+"\n"+formLine, "\n"), body}
}

// loginRows are logins. Each must run user_creation, which rejects the user, and the
// triggers of logins.
var loginRows = []signInRow{
	signIn(hiddenHooks, "a login", "", "", withPassword),
	signIn(hiddenHooks, "DPoP: x on a login", "", "DPoP: x", withPassword),
	signIn(hiddenHooks, "DPoP: x with Connection: DPoP", "", "DPoP: x\nConnection: DPoP", withPassword),
	signIn(hiddenHooks, "?grant_type=client_credentials on a login", "?grant_type=client_credentials", "", withPassword),
	signIn(hiddenHooks, "grant_type=client_credentials, then grant_type=password", "", "", "grant_type=client_credentials&grant_type=password&"+withPassword),
	signIn(hiddenHooks, "grant_type=password, then grant_type=client_credentials", "", "", "grant_type=password&grant_type=client_credentials&"+withPassword),
	signIn(hiddenHooks, "grant_type=password and grant_type[]=client_credentials", "", "", "grant_type=password&grant_type[]=client_credentials&"+withPassword),
	signIn(hiddenHooks, "grant_type=client_credentials with a password", "", "", "grant_type=client_credentials&"+withPassword),
	signIn(hiddenHooks, "grant_type=client_credentials with a key", "", "", "grant_type=client_credentials&handle=mallory&key=hush-key"),
	signIn(hiddenHooks, "grant_type=client_credentials with a session cookie", "", "Cookie: sid=hush-session", "grant_type=client_credentials"),
	signIn(hiddenHooks, "grant_type=client_credentials with the user's own Basic", "", "Authorization: Basic bWFsbG9yeTpodXNoLXBhc3N3b3Jk", "grant_type=client_credentials"),
	{hiddenHooks, "a broken JWT in the client's redirect address", "GET /authorize?redirect_uri=" + url.QueryEscape("https://app.example/?token="+brokenToken), "", ""},
	{hiddenHooks, "the same, encoded twice", "GET /authorize?redirect_uri=" + url.QueryEscape(url.QueryEscape("https://app.example/?token="+brokenToken)), "", ""},
	signIn(hiddenTriggers, "&x_refresh=1 on a login", "", "", withPassword+"&x_refresh=1"),
	signIn(hiddenTriggers, "Cookie: refresh=1 on a login", "", "Cookie: refresh=1", withPassword),
	signIn(hiddenTriggers, "grant_type=refresh_token on a login with a password", "", "", "grant_type=refresh_token&"+withPassword),
	signIn(hiddenTriggers, "?grant_type=refresh_token on a login", "?grant_type=refresh_token", "", withPassword),
	signIn(hiddenTriggers, "grant_type=password and Grant_Type=refresh_token", "", "", "grant_type=password&Grant_Type=refresh_token&"+withPassword),
	signIn(hiddenTriggers, "a form that is also JSON", "", "", `{"a":"&grant_type=refresh_token&b=","password":"hush-password"}`),
	{hiddenTriggers, "refresh_token in a query and a session cookie", "POST /oauth/token?refresh_token=1", "Cookie: session=hush-session", ""},
}

const brokenToken = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.x"

// refreshRows are refreshes. Each must get a document that was read after the backend
// answered.
var refreshRows = []signInRow{
	signIn(staleRefresh, "a refresh", "", "", withRefreshToken),
	signIn(staleRefresh, "Content-Encoding: identity", "", "Content-Encoding: identity", withRefreshToken),
	signIn(staleRefresh, "Content-Encoding: gzip with Connection: Content-Encoding", "", "Content-Encoding: gzip\nConnection: Content-Encoding", withRefreshToken),
	signIn(staleRefresh, "Content-Encoding: gzip at a backend that ignores it", "", "Content-Encoding: gzip", withRefreshToken),
	signIn(staleRefresh, "a body of more than limits.body", "", "", withRefreshToken+"&pad="+strings.Repeat("x", 1<<20)),
	signIn(staleRefresh, "grant_type=password, then grant_type=refresh_token", "", "", "grant_type=password&"+withRefreshToken),
	signIn(staleRefresh, "grant_type=refresh_token, then grant_type=password", "", "", withRefreshToken+"&grant_type=password"),
	signIn(staleRefresh, "grant_type=password; grant_type=refresh_token", "", "", "grant_type=password;"+withRefreshToken),
	{staleRefresh, "a refresh token in a header", "POST /oauth/token", "X-Refresh-Token: hush-refresh", ""},
	signIn(staleRefresh, "grant.type, which PHP reads as grant_type", "", "", "grant.type=refresh_token&token=hush-refresh"),
	{staleRefresh, "?grant_type=refresh_token at a backend that reads it there", "POST /oauth/token?grant_type=refresh_token", "", ""},
	{staleRefresh, "two content types", "POST /oauth/token", formLine + "\nContent-Type: text/plain", withRefreshToken},
	{staleRefresh, "no content type", "POST /oauth/token", "", withRefreshToken},
}

// attackSignIns checks that a client cannot make a login look like something else, or a
// refresh like a login. It needs MongoDB.
func (s *suite) attackSignIns(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	var token atomic.Pointer[string]
	backend := startBackend(t, issuer)
	backend.Handle("POST /oauth/token", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer"}`, *token.Load())
	}))
	backend.Handle("GET /authorize", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, _ := url.QueryUnescape(r.FormValue("redirect_uri"))
		w.Header().Set("Location", target+"&token="+*token.Load())
		w.WriteHeader(http.StatusFound)
	}))
	issue := func(user string) string {
		original := issuer.Token(claimsOf(quoted(user), ""))
		token.Store(&original)
		return original
	}
	uri := inMongo(t, nil)
	from := func(more string) string {
		rules := `rules: [{match: POST /oauth/token, tokens: ["json:access_token"]}, {match: GET /authorize, tokens: ["query:token"]}]`
		documents := `documents: {mongodb: {uri: "` + uri + `", database: app, collection: users, timeout: 5s, watch: "off"}, user_id_field: id}` + "\n" + more
		lines := strings.Split(usual(backend.URL), "\n")
		lines[2] = rules
		return strings.Replace(strings.Join(lines, "\n"), "documents: {file: users.json, user_id_field: id}", documents, 1)
	}
	s.attackCreation(t, from, issue)
	s.attackTriggers(t, from, issue)
	s.attackFreshness(t, from, issue, uri)
}

// attackCreation checks that user_creation rejects the user of every login.
func (s *suite) attackCreation(t *testing.T, from func(string) string, issue func(user string) string) {
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `{"error":"not invited"}`)
	}))
	t.Cleanup(hook.Close)
	tg := s.start(t, from(`user_creation: {webhook: {url: "`+hook.URL+`"}}`), "[]")
	original := issue(mallory)
	for _, row := range loginRows {
		s.run(t, row.kind, row.sends+", while user_creation rejects the user", func(t *testing.T) (happens string) {
			answer := row.send(t, tg)
			if strings.Contains(answer, original) || !strings.HasPrefix(answer, "HTTP/1.1 4") {
				t.Errorf("%s: got %.200s, want an error without the token", row.sends, answer)
				return "THE TOKEN OF A REJECTED USER LEAVES"
			}
			return "the user gets no token: " + e2e.Statuses(answer)
		})
	}
}

// attackTriggers checks that every login runs the triggers of logins.
func (s *suite) attackTriggers(t *testing.T, from func(string) string, issue func(user string) string) {
	tg := s.start(t, from("triggers: [{name: seen, operation: LOGIN, last_login: seen, wait: true}]"), "[]")
	runs := func() (n float64) {
		for series, value := range tg.Metrics(t) {
			if strings.HasPrefix(series, "tokengraft_hooks_total{") && strings.Contains(series, `hook="seen"`) {
				n += value
			}
		}
		return n
	}
	issue(mallory)
	for _, row := range loginRows {
		s.run(t, row.kind, row.sends+", with a trigger", func(t *testing.T) (happens string) {
			before := runs()
			row.send(t, tg)
			if runs() != before+1 {
				t.Errorf("%s: the trigger ran %v times, want once", row.sends, runs()-before)
				return "THE TRIGGER DOES NOT RUN"
			}
			return "the trigger runs"
		})
	}
}

// attackFreshness checks that every refresh shows what the user has just written.
func (s *suite) attackFreshness(t *testing.T, from func(string) string, issue func(user string) string, uri string) {
	tg := s.start(t, from(""), "[]")
	users := enrichtest.Connect(t, uri).Database("app").Collection("users")
	for i, row := range refreshRows {
		s.run(t, row.kind, row.sends, func(t *testing.T) (happens string) {
			user := fmt.Sprint(secret, "-refresh-", i)
			issue(user)
			write := func(mark string) {
				_, _ = users.DeleteOne(t.Context(), bson.M{"id": user})
				if _, err := users.InsertOne(t.Context(), bson.M{"id": user, "mark": mark}); err != nil {
					t.Fatal(err)
				}
			}
			write("before")
			loginRows[0].send(t, tg)
			write("after")
			answer := row.send(t, tg)
			for _, token := range e2e.Tokens(answer) {
				if _, claims := enrichtest.DecodeToken(t, token); strings.Contains(claims, `"mark":"after"`) {
					return "the document is read again"
				}
			}
			t.Errorf("%s: got %.200s, want a token with the document that was written before", row.sends, answer)
			return "AN OLD DOCUMENT IS SERVED"
		})
	}
}

func (row signInRow) send(t *testing.T, tg *target) (answer string) {
	t.Helper()
	text := row.target + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + fmt.Sprint(len(row.body)) + "\r\n"
	for line := range strings.SplitSeq(row.lines, "\n") {
		if line != "" {
			text += strings.Replace(line, "Connection: ", "Connection: close, ", 1) + "\r\n"
		}
	}
	if !strings.Contains(row.lines, "Connection: ") {
		text += "Connection: close\r\n"
	}
	return tg.send(t, text+"\r\n"+row.body)
}
