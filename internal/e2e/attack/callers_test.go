package attack_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

var (
	callers      = kind{"calls in a user's name", "I2"}
	callForms    = kind{"calls that a page can send", "I2"}
	callTokens   = kind{"tokens of calls", "I2, B1"}
	callPaths    = kind{"spellings of the path of calls", "I1"}
	callFlood    = kind{"calls without a valid token", "I10, G7"}
	tooManyCalls = kind{"too many calls of a user", "I10"}
)

// A callerRow is a request to the path of calls, with a call of whoami. TOKEN is a valid
// token of Mallory.
type callerRow struct {
	kind
	sends, method, query string
	lines                string // of the header, separated by line breaks
	want                 string // as in a callRow
}

// call is the header of an honest call.
const call = bearer + "\nContent-Type: application/json"

var callerRows = []callerRow{
	{callers, "the token in a cookie", "POST", "", "Content-Type: application/json\nCookie: session=TOKEN; access_token=TOKEN; Authorization=Bearer TOKEN", "403"},
	{callers, "the token in the query", "POST", "?access_token=TOKEN&baas_at=TOKEN&stitch_at=TOKEN", "Content-Type: application/json", "403"},
	{callers, "a stream of changes with the token in the query", "GET", "?baas_at=TOKEN&baas_request=eyJuYW1lIjoid2F0Y2gifQ", "", "405"},
	{callers, "two tokens", "POST", "", call + "\nAuthorization: Bearer x", "403"},
	{callers, "the token twice", "POST", "", call + "\n" + bearer, "403"},
	{callers, "two tokens in a line", "POST", "", "Content-Type: application/json\n" + bearer + ", Bearer x", "403"},
	{callers, "the token as Basic", "POST", "", "Content-Type: application/json\nAuthorization: Basic TOKEN", "403"},
	{callers, "the token without a scheme", "POST", "", "Content-Type: application/json\nAuthorization: TOKEN", "403"},
	{callers, "the token in X-Authorization and Proxy-Authorization", "POST", "", "Content-Type: application/json\nX-Authorization: Bearer TOKEN\nProxy-Authorization: Bearer TOKEN", "403"},
	{callForms, "JSON as text/plain", "POST", "", bearer + "\nContent-Type: text/plain\nOrigin: https://evil.example", "415"},
	{callForms, "JSON in a form", "POST", "", bearer + "\nContent-Type: application/x-www-form-urlencoded", "415"},
	{callForms, "JSON in multipart/form-data", "POST", "", bearer + "\nContent-Type: multipart/form-data; boundary=x", "415"},
	{callForms, "JSON without a type", "POST", "", bearer, "415"},
	{callForms, "text/plain and application/json", "POST", "", bearer + "\nContent-Type: text/plain, application/json", "415"},
	{callForms, "text/plain;application/json", "POST", "", bearer + "\nContent-Type: text/plain;application/json", "415"},
	{callForms, "JSON as text/plain, with cookies and no token", "POST", "", "Content-Type: text/plain\nCookie: session=TOKEN\nOrigin: https://evil.example", "415"},
	{callForms, "a call of a page of another origin", "POST", "", call + "\nOrigin: https://evil.example", "200"},
	{callForms, "a call of a page of a similar origin", "POST", "", call + "\nOrigin: https://app.example.com.evil.example", "200"},
	{callForms, "a call of a page without an origin", "POST", "", call + "\nOrigin: null", "200"},
	{callForms, "JSON that is compressed", "POST", "", call + "\nContent-Encoding: gzip", "200|400|415"}, // the header alone changes nothing
	{callForms, "GET", "GET", "", call, "405"},
	{callForms, "PUT", "PUT", "", call, "405"},
	{callForms, "DELETE", "DELETE", "", call, "405"},
	{callForms, "post in lower case", "post", "", call, "405"},
	{callForms, "GET with X-HTTP-Method-Override: POST", "GET", "?_method=POST", call + "\nX-HTTP-Method-Override: POST", "405"},
}

// A callTokenRow is a token with which no one may call.
type callTokenRow struct {
	sends string
	token func(issuer *enrichtest.Issuer) string
	want  string
}

// callTokenRows are about a valid token of Anna with one fault each.
var callTokenRows = []callTokenRow{
	{"a refresh token (typ)", claimed(`,"typ":"refresh"`), "403"},
	{"a refresh token (token_use)", claimed(`,"token_use":"refresh_token"`), "403"},
	{"a token that is bound to a key", claimed(`,"cnf":{"jkt":"x"}`), "403"},
	{"a token that is not valid yet", claimed(fmt.Sprintf(`,"nbf":%d`, time.Now().Unix()+3600)), "403"},
	{"an expired token", expiredToken, "401"},
	{"an expired token with a forged signature", func(i *enrichtest.Issuer) string { return expiredToken(i)[1:] }, "403"},
	{"an expired refresh token", func(i *enrichtest.Issuer) string {
		return i.Token(strings.Replace(expiredClaims, "}", `,"typ":"refresh"}`, 1))
	}, "401|403"},
	{"a token of another issuer", func(i *enrichtest.Issuer) string {
		return i.Token(strings.Replace(annasClaims(), "idp.example", "evil.example", 1))
	}, "403"},
	{"a token for another audience", func(i *enrichtest.Issuer) string {
		return i.Token(strings.Replace(annasClaims(), `"app"`, `"other"`, 1))
	}, "403"},
	{"a token without a user", func(i *enrichtest.Issuer) string { return i.Token(strings.Replace(annasClaims(), `"sub"`, `"usr"`, 1)) }, "403"},
	{"a user that is an operator", func(i *enrichtest.Issuer) string { return i.Token(claimsOf(`{"$ne":""}`, "")) }, "403"},
	{"users in a list", func(i *enrichtest.Issuer) string { return i.Token(claimsOf(`["hush-anna"]`, "")) }, "403"},
	{"alg: none", func(*enrichtest.Issuer) string { return forge(`{"alg":"none"}`, annasClaims(), bytesOf("")) }, "403"},
	{"HS256 with the public key", func(i *enrichtest.Issuer) string {
		return forge(`{"alg":"HS256"}`, annasClaims(), hmacWith(i.PublicPEM()))
	}, "403"},
	{"a key in the token", func(i *enrichtest.Issuer) string {
		return forge(`{"alg":"ES256","jwk":`+jwkOf(i)+`}`, annasClaims(), bytesOf(strings.Repeat("\x01", 64)))
	}, "403"},
	{"not a token", func(*enrichtest.Issuer) string { return "hush" }, "403"},
	{"an empty token", func(*enrichtest.Issuer) string { return "" }, "403"},
}

func annasClaims() string { return claimsOf(quoted(anna), "") }

func claimed(more string) func(*enrichtest.Issuer) string {
	return func(i *enrichtest.Issuer) string { return i.Token(claimsOf(quoted(anna), more)) }
}

const expiredClaims = `{"iss":"https://idp.example.com","aud":"app","sub":"hush-anna","iat":1,"exp":1000}`

func expiredToken(i *enrichtest.Issuer) string { return i.Token(expiredClaims) }

// spelledPaths are paths that a lenient server takes for that of calls. They are not, so the
// backend gets them as they are.
var spelledPaths = []string{
	callPath + "/", "/" + callPath, callPath + ";a=b", callPath + "%00", callPath + "%20", strings.ToUpper(callPath), strings.Replace(callPath, ".", "%2e", 1),
	strings.Replace(callPath, "s/call", "s%2Fcall", 1), strings.Replace(callPath, "call", "c%61ll", 1), strings.Replace(callPath, "/app", "/./app", 1),
	strings.Replace(callPath, "/app", "/x/../app", 1), strings.Replace(callPath, "myapp-abcde", "..", 1), strings.Replace(callPath, "myapp-abcde", "%2e%2e", 1),
	strings.Replace(callPath, "myapp-abcde", "", 1), strings.Replace(callPath, "myapp-abcde", "a/b", 1),
}

// attackCallers checks that a call acts for the user of its bearer token, and for no other.
func (s *suite) attackCallers(t *testing.T, a callAttack) {
	for _, row := range callerRows {
		s.run(t, row.kind, row.sends, func(t *testing.T) (happens string) {
			lines := strings.Split(strings.ReplaceAll(row.lines, "TOKEN", a.token(mallory)), "\n")
			if row.lines == "" {
				lines = nil
			}
			reply := a.ask(t, row.method, callPath+strings.ReplaceAll(row.query, "TOKEN", a.token(mallory)), named("whoami"), lines...)
			return a.expectUnreadable(t, reply, row.want)
		})
	}
	s.run(t, callForms, "a preflight of another page", func(t *testing.T) (happens string) {
		reply := a.ask(t, http.MethodOptions, callPath, "", "Origin: https://evil.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization")
		if allowed := reply.Header.Get("Access-Control-Allow-Origin") + reply.Header.Get("Access-Control-Allow-Headers"); reply.Status != http.StatusNoContent || allowed != "" {
			t.Errorf("got %d %v, want 204 that allows nothing", reply.Status, reply.Header)
		}
		return "204, allows nothing"
	})
	for _, row := range callTokenRows {
		s.run(t, callTokens, row.sends, func(t *testing.T) (happens string) {
			reply := a.ask(t, http.MethodPost, callPath, named("whoami"), "Content-Type: application/json", "Authorization: Bearer "+row.token(a.issuer))
			return a.expect(t, reply, row.want)
		})
	}
	for _, path := range spelledPaths {
		s.run(t, callPaths, path, func(t *testing.T) (happens string) { return a.misspell(t, path) })
	}
	n := size(300, 20_000)
	s.run(t, callFlood, fmt.Sprintf("%d calls with forged tokens", n), func(t *testing.T) (happens string) { return a.flood(t, n) })
	s.run(t, tooManyCalls, "400 calls in a minute", func(t *testing.T) (happens string) { return a.repeat(t, 400) })
}

// expectUnreadable is expect for a request that a page of another origin may have sent.
func (a callAttack) expectUnreadable(t *testing.T, reply e2e.Reply, want string) (happens string) {
	t.Helper()
	if allowed := reply.Header.Get("Access-Control-Allow-Origin") + reply.Header.Get("Access-Control-Allow-Credentials"); allowed != "" {
		t.Errorf("got %v, want nothing for other pages", reply.Header)
		return "ANOTHER PAGE CAN READ IT"
	}
	return a.expect(t, reply, want)
}

// misspell sends a call to another path. The backend must get it, and the function must not
// run.
func (a callAttack) misspell(t *testing.T, path string) (happens string) {
	a.backend.Take()
	reply := a.ask(t, http.MethodPost, path, named("whoami"), "Content-Type: application/json", "Authorization: Bearer "+a.token(mallory))
	if got := a.backend.Take(); len(got) != 1 || got[0].Line != "POST "+path+" HTTP/1.1" || reply.Body != named("whoami") {
		t.Errorf("the backend got %v, and the client %d %s; want the path as it is at the backend", got, reply.Status, reply.Body)
		return "IS SOMETHING ELSE"
	}
	return "the backend gets it as it is"
}

// flood sends calls with forged tokens, several at a time.
func (a callAttack) flood(t *testing.T, n int) (happens string) {
	owners := ownerAttack{target: a.target}
	fetches, reads, before := a.backend.JWKSFetches(), owners.reads(t), a.Metrics(t).Usage().Heap
	var others atomic.Int64
	eachOf(n, func() {
		reply, err := a.try(http.MethodPost, callPath, named("whoami"), "Content-Type: application/json", "Authorization: Bearer "+floodRows[0].token(a.issuer))
		if err != nil || reply.Status != http.StatusForbidden && reply.Status != http.StatusServiceUnavailable {
			others.Add(1)
		}
	})
	fetches, reads, grown := a.backend.JWKSFetches()-fetches, owners.reads(t)-reads, a.Metrics(t).Usage().Heap-before
	if others.Load() > 0 || fetches > 4 || reads > 0 || grown > mostGrowth {
		t.Errorf("%d of %d calls got something else than 403 or 503; %d fetches of the JWKS, %d reads of documents, and the heap grew by %d bytes; want none, at most 4, none, and at most %d", others.Load(), n, fetches, reads, grown, mostGrowth)
	}
	return fmt.Sprintf("403 or 503, and %d reads of documents", reads)
}

// repeat sends many calls of one user. Another user is not limited by them.
func (a callAttack) repeat(t *testing.T, n int) (happens string) {
	statuses, start := map[int]int{}, time.Now()
	for range n {
		reply := a.as(t, "hush-eve", `{}`)
		statuses[reply.Status]++
		if reply.Status == http.StatusTooManyRequests {
			a.expect(t, reply, `429 {"error":"too many requests`)
			if wait := reply.Header.Get("Retry-After"); wait != "1" {
				t.Fatalf("got Retry-After %q, want 1", wait)
			}
		}
	}
	most := 300 + int(time.Since(start)/(time.Minute/300)) + 1
	if statuses[http.StatusBadRequest] < 300 || statuses[http.StatusBadRequest] > most || statuses[http.StatusTooManyRequests] != n-statuses[http.StatusBadRequest] {
		t.Errorf("got the statuses %v, want 400 for 300 to %d calls of a minute, and 429 for the others", statuses, most)
	}
	if reply := a.as(t, anna, named("nothing")); reply.Status != http.StatusNotFound {
		t.Errorf("another user meanwhile: got %d, want 404", reply.Status)
	}
	return "429 after 300 in a minute; others are not limited"
}
