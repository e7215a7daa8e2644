package locate_test

import (
	"encoding/base64"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// The classes of requests in the tables below.
const (
	login   = enrich.CauseLogin
	refresh = enrich.CauseRefresh
	unknown = enrich.CauseUnknown
)

// asked returns a request with header lines and a body. A body of "-" was not read.
func asked(target, lines, body string) locate.Request {
	path, query, _ := strings.Cut(target, "?")
	r := locate.Request{Path: path, Query: query, Header: http.Header{}, HasBody: body != "", Body: []byte(body)}
	if body == "-" {
		r.Body = nil
	}
	for line := range strings.SplitSeq(lines, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			r.Header.Add(name, value)
		}
	}
	return r
}

type classifyTest struct {
	name, target, lines, body string
	want                      enrich.Cause
	why                       locate.Why
}

// F1: a client cannot make a login a refresh by what it can add at will, or the reverse.
var classifyTests = []classifyTest{
	// grant_type in the body.
	{"form", "/oauth/token", formType, "a=b&grant%5Ftype=refresh%5ftoken&c", refresh, locate.WhyGrantType},
	{"form with a charset", "/token", formType + `; charset="UTF-8"`, "grant_type=refresh_token", refresh, locate.WhyGrantType},
	{"JSON", "/token", jsonType, `{"grant\u005ftype":"refresh_token","client_secret":"s"}`, refresh, locate.WhyGrantType},
	{"multipart", "/token", multipartType, multipart("a", "b", "grant_type", "refresh_token"), refresh, locate.WhyGrantType},
	{"password", "/token", formType, "grant_type=password&username=u&password=p", login, locate.WhyGrantType},
	{"code", "/token", jsonType, `{"grant_type":"authorization_code","code":"c"}`, login, locate.WhyGrantType},
	{"extension", "/token", formType, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a", login, locate.WhyGrantType},
	{"client credentials", "/token", formType, "grant_type=client_credentials", login, locate.WhyGrantType},
	{"a refresh with a bearer token", "/token", formType + "\nAuthorization: Basic x\nCookie: sid=1", "grant_type=refresh_token", refresh, locate.WhyGrantType},
	// Doubled, or in an unknown form.
	{"refresh with a password in letters that ignore case", "/token", jsonType, `{"grant_type":"refresh_token","paſſword":"p"}`, unknown, locate.WhyContradiction},
	{"twice", "/token", formType, "grant_type=client_credentials&grant_type=password", unknown, locate.WhyDoubled},
	{"twice, reversed", "/token", formType, "grant_type=password&grant_type=client_credentials", unknown, locate.WhyDoubled},
	{"twice the same", "/token", formType, "grant_type=password&grant_type=password", unknown, locate.WhyDoubled},
	{"twice in JSON", "/token", jsonType, `{"grant_type":"password","grant_type":"refresh_token"}`, unknown, locate.WhyDoubled},
	{"twice in multipart", "/token", multipartType, multipart("grant_type", "password", "grant_type", "refresh_token"), unknown, locate.WhyDoubled},
	{"array", "/token", formType, "grant_type=password&grant_type[]=refresh_token", unknown, locate.WhyOdd},
	{"array with an index", "/token", formType, "grant_type%5B0%5D=refresh_token", unknown, locate.WhyOdd},
	{"other case", "/token", formType, "Grant_Type=refresh_token", unknown, locate.WhyOdd},
	{"camel case", "/token", jsonType, `{"grantType":"refreshToken"}`, unknown, locate.WhyOdd},
	{"dot, which PHP reads as _", "/token", formType, "grant.type=refresh_token", unknown, locate.WhyOdd},
	{"leading blank", "/token", formType, "+grant_type=refresh_token", unknown, locate.WhyOdd},
	{"NUL", "/token", formType, "grant_type%00x=refresh_token", unknown, locate.WhyOdd},
	{"encoded twice", "/token", formType, "grant%255Ftype=refresh_token", unknown, locate.WhyOdd},
	{"in another object", "/token", jsonType, `{"data":{"grant_type":"refresh_token"}}`, unknown, locate.WhyOdd},
	{"a list", "/token", jsonType, `{"grant_type":["refresh_token"]}`, unknown, locate.WhyOdd},
	{"a number", "/token", jsonType, `{"grant_type":1}`, unknown, locate.WhyOdd},
	{"a file", "/token", multipartType, "---b-\r\nContent-Disposition: form-data; name=grant_type; filename=f\r\n\r\npassword\r\n---b---\r\n", unknown, locate.WhyOdd},
	{"empty", "/token", formType, "grant_type=", unknown, locate.WhyOdd},
	{"with a line break", "/token", formType, "grant_type=refresh_token\r\n", unknown, locate.WhyOdd},
	{"a value in another case", "/token", formType, "grant_type=REFRESH_TOKEN", unknown, locate.WhyOdd},
	{"a word for renewal", "/token", formType, "grant_type=renew", unknown, locate.WhyOdd},
	// Bodies that parsers read differently.
	{"semicolon", "/token", formType, "a=b;grant_type=refresh_token", unknown, locate.WhyUnclear},
	{"invalid escape in a name", "/token", formType, "grant%_type=refresh_token", unknown, locate.WhyUnclear},
	{"invalid escape in a value", "/token", formType, "grant_type=refresh_token&x=%u0067", unknown, locate.WhyUnclear},
	{"JSON in a form", "/token", formType, `{"a":"&grant_type=refresh_token&b=","password":"p"}`, unknown, locate.WhyUnclear},
	{"form in JSON", "/token", jsonType, `{"grant_type":"refresh_token","a":"&username=u&password=p&b="}`, unknown, locate.WhyUnclear},
	{"byte order mark", "/token", jsonType, "\ufeff" + `{"grant_type":"refresh_token"}`, unknown, locate.WhyUnclear},
	{"broken JSON", "/token", jsonType, `{"refresh":`, unknown, locate.WhyUnclear},
	{"more after JSON", "/token", jsonType, `{"grant_type":"refresh_token"}{"grant_type":"password"}`, unknown, locate.WhyUnclear},
	{"a list of objects", "/token", jsonType, `[{"grant_type":"refresh_token"}]`, unknown, locate.WhyUnclear},
	{"very deep JSON", "/token", jsonType, strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50), unknown, locate.WhyUnclear},
	{"incomplete multipart", "/token", multipartType, multipart("refresh", "x")[:60], unknown, locate.WhyUnclear},
	{"text before the parts", "/token", multipartType, "x\r\n" + multipart("grant_type", "refresh_token"), unknown, locate.WhyUnclear},
	{"text after the parts", "/token", multipartType, multipart("grant_type", "refresh_token") + "x", unknown, locate.WhyUnclear},
	{"a boundary within a value", "/token", multipartType, multipart("grant_type", "refresh_token", "a", "\n---b-\nContent-Disposition: form-data; name=grant_type\n\npassword"), unknown, locate.WhyUnclear},
	{"an encoded part", "/token", multipartType, "---b-\r\nContent-Disposition: form-data; name=grant_type\r\nContent-Transfer-Encoding: base64\r\n\r\ncGFzc3dvcmQ=\r\n---b---\r\n", unknown, locate.WhyUnclear},
	{"an extended name", "/token", multipartType, "---b-\r\nContent-Disposition: form-data; name*=UTF-8''grant_type\r\n\r\nrefresh_token\r\n---b---\r\n", unknown, locate.WhyUnclear},
	{"multipart without a boundary", "/token", "Content-Type: multipart/form-data", multipart("refresh", "x"), unknown, locate.WhyUnclear},
	{"over 500 fields", "/token", formType, strings.Repeat("a=b&", 500) + "grant_type=refresh_token", unknown, locate.WhyUnclear},
	// Bodies that were not read, or whose type is not known.
	{"unread", "/token", formType, "-", unknown, locate.WhyUnread},
	{"unread at a path of refreshes", "/refresh", jsonType, "-", unknown, locate.WhyUnread},
	{"no type", "/token", "", "grant_type=refresh_token", unknown, locate.WhyType},
	{"no type, unread", "/token", "", "-", unknown, locate.WhyType},
	{"two types", "/token", formType + "\n" + jsonType, "grant_type=refresh_token", unknown, locate.WhyType},
	{"two types in one line", "/token", formType + ", application/json", "grant_type=refresh_token", unknown, locate.WhyType},
	{"another type", "/token", "Content-Type: text/plain", "grant_type=refresh_token", unknown, locate.WhyType},
	{"invalid type", "/token", formType + "; a=1; a=2", "grant_type=refresh_token", unknown, locate.WhyType},
	{"strange charset", "/token", formType + "; charset=ibm037", "grant_type=refresh_token", unknown, locate.WhyType},
	{"two boundaries", "/token", multipartType + "; BOUNDARY=x", multipart("grant_type", "refresh_token"), unknown, locate.WhyType},
	// The query.
	{"query instead of the body", "/login?grant_type=client_credentials", formType, "username=u&password=p", login, locate.WhyNoHint},
	{"query of a refresh", "/login?grant_type=refresh_token", formType, "username=u&password=p", unknown, locate.WhyQuery},
	{"query of a refresh without a body", "/login?grant_type=refresh_token", "", "", unknown, locate.WhyQuery},
	{"query that agrees", "/token?grant_type=refresh_token", jsonType, `{"refresh_token":"r"}`, refresh, locate.WhyField},
	{"query and body that agree", "/token?grant_type=password", formType, "grant_type=password", login, locate.WhyGrantType},
	{"query that differs", "/token?grant_type=password", formType, "grant_type=refresh_token", unknown, locate.WhyQuery},
	{"query of client credentials", "/token?grant_type=client_credentials", formType, "grant_type=password", unknown, locate.WhyQuery},
	{"query with an array", "/token?grant_type[]=password", formType, "grant_type=refresh_token", unknown, locate.WhyQuery},
	{"query twice", "/token?grant_type=password&grant_type=password", formType, "grant_type=password", unknown, locate.WhyQuery},
	{"query with a semicolon", "/token?a=b;grant_type=password", formType, "grant_type=refresh_token", unknown, locate.WhyQuery},
	{"query with a strange escape", "/token?%u0067rant_type=password", formType, "grant_type=refresh_token", unknown, locate.WhyQuery},
	{"query with a refresh token", "/token?refresh_token=r", "", "", unknown, locate.WhyHint},
	// Contradictions.
	{"refresh with a password", "/login", formType, "grant_type=refresh_token&username=u&password=p", unknown, locate.WhyContradiction},
	{"refresh with a code", "/token", jsonType, `{"grant_type":"refresh_token","code":"c"}`, unknown, locate.WhyContradiction},
	{"password with a refresh token", "/token", formType, "grant_type=password&refresh_token=x", unknown, locate.WhyContradiction},
	{"password at a path of refreshes", "/oauth/refresh", formType, "grant_type=password", unknown, locate.WhyContradiction},
	{"password with a cookie", "/token", formType + "\nCookie: refresh=1", "grant_type=password", unknown, locate.WhyContradiction},
	{"client credentials with a cookie", "/token", formType + "\nCookie: refresh=1", "grant_type=client_credentials", unknown, locate.WhyContradiction},
	{"a code at a path of refreshes", "/auth/refresh?code=c", "", "", unknown, locate.WhyContradiction},
	// Hints in fields and cookies.
	{"field", "/token", formType + ";charset=utf-8", "refreshToken=x", refresh, locate.WhyField},
	{"field with harmless ones", "/token", jsonType, `{"refresh_token":"x","client_id":"c","scope":"s"}`, refresh, locate.WhyField},
	{"multipart field", "/token", multipartType, multipart("refreshToken", "x"), refresh, locate.WhyField},
	{"nested field", "/token", "Content-Type: application/vnd.api+json", `{"data":{"attributes":{"REFRESH":"x"}}}`, refresh, locate.WhyField},
	{"field with true", "/token", jsonType, `{"refresh":true}`, unknown, locate.WhyHint},
	{"list in a field", "/token", jsonType, `{"refresh_token":["x"]}`, unknown, locate.WhyHint},
	{"empty field", "/token", formType, "refresh=", unknown, locate.WhyHint},
	{"field with another one", "/login", formType, "user_id=u&x_refresh=1", unknown, locate.WhyHint},
	{"field with a password", "/login", formType, "username=u&password=p&x_refresh=1", unknown, locate.WhyContradiction},
	{"field with a session", "/login", formType + "\nCookie: sid=1", "x_refresh=1", unknown, locate.WhyHint},
	{"field with a bearer token", "/login", formType + "\nAuthorization: Bearer x", "x_refresh=1", unknown, locate.WhyHint},
	{"field with an API key", "/login", formType + "\nX-Api-Key: x", "x_refresh=1", unknown, locate.WhyHint},
	{"GraphQL", "/graphql", jsonType, `{"query":"mutation{login(password:\"p\"){token}}","variables":{"refreshToken":"x"}}`, unknown, locate.WhyHint},
	{"cookie", "/token", "Cookie: my_Refresh=x; _ga=1; csrftoken=2", "", refresh, locate.WhyCookie},
	{"cookie with an empty object", "/token", jsonType + "\nCookie: my_Refresh=x", "{}", refresh, locate.WhyCookie},
	{"cookie with a password", "/login", jsonType + "\nCookie: refresh=1", `{"user":"u","password":"p"}`, unknown, locate.WhyContradiction},
	{"cookie with a session", "/authorize", "Cookie: refresh=1; session=x", "", unknown, locate.WhyHint},
	{"cookie with a callback", "/callback?code=c&state=s", "Cookie: refresh=1", "", unknown, locate.WhyContradiction},
	{"cookie value", "/token", "Cookie: a=refresh", "", login, locate.WhyNoHint},
	{"form value", "/token", formType, "a=refresh_token", unknown, locate.WhyHint},
	{"JSON value", "/token", jsonType, `{"a":"refresh"}`, unknown, locate.WhyHint},
	{"JSON value with an escape", "/token", jsonType, `{"a":"\u0052enew"}`, unknown, locate.WhyHint},
	{"GraphQL without variables", "/graphql", jsonType, `{"query":"mutation{refreshToken(token:\"r\"){token}}"}`, unknown, locate.WhyHint},
	{"GraphQL in a batch", "/graphql", jsonType, `{"a":["mutation{renewSession{token}}"]}`, unknown, locate.WhyHint},
	{"query value", "/token?action=refresh", jsonType, `{"a":"b"}`, unknown, locate.WhyHint},
	{"JSON value with an escape of another letter", "/token", jsonType, `{"a":"\u00e9"}`, login, locate.WhyNoHint},
	{"header", "/token", "X-Refresh-Token: x", "", unknown, locate.WhyHint},
	{"scheme of Authorization", "/token", "Authorization: Refresh x", "", unknown, locate.WhyHint},
	{"header on a login", "/token", formType + "\nX-Renew: 1", "grant_type=password&username=u&password=p", unknown, locate.WhyContradiction},
	{"header on a refresh", "/token", jsonType + "\nX-Refresh-Token: x", `{"refresh_token":"x"}`, refresh, locate.WhyField},
	{"refresh with a password in a header", "/token", formType + "\nX-Password: x", "grant_type=refresh_token", unknown, locate.WhyContradiction},
	{"refresh with a code in a header", "/token", formType + "\nX-OTP-Code: 1", "grant_type=refresh_token", unknown, locate.WhyContradiction},
	{"refresh of a device", "/token", formType + "\nX-IoT-Platform: x", "grant_type=refresh_token", refresh, locate.WhyGrantType},
	{"field with a user in a header", "/login", jsonType + "\nX-Username: x", `{"refresh":"1"}`, unknown, locate.WhyHint},
	{"field of an anonymous login", "/auth/anonymous", jsonType, `{"refresh":"1"}`, unknown, locate.WhyHint},
	{"cookie of an anonymous login", "/auth/guest/", "Cookie: refresh=1", "", unknown, locate.WhyHint},
	{"anonymous login", "/auth/anonymous", jsonType, `{}`, login, locate.WhyNoHint},
	// The path.
	{"path", "/auth/tokens-Refresh", "", "", refresh, locate.WhyPath},
	{"path with a slash", "/auth/renewal/", "Authorization: Bearer x", "", refresh, locate.WhyPath},
	{"path with a dot", "/.auth//refresh", "", "", refresh, locate.WhyPath},
	{"path with other fields", "/refresh", jsonType, `{"token":"x","device":"d"}`, refresh, locate.WhyPath},
	{"path with a password", "/login/refresh", jsonType, `{"email":"a@b.c","password":"p"}`, unknown, locate.WhyContradiction},
	{"path before the last segment", "/refresh/login", "", "", login, locate.WhyNoHint},
	{"path with an encoded slash", "/login%2Frefresh", "", "", unknown, locate.WhyOddPath},
	{"path with a parameter", "/login;refresh", "", "", unknown, locate.WhyOddPath},
	{"path with dots at its end", "/login/refresh/.", "", "", unknown, locate.WhyOddPath},
	{"path that leaves", "/refresh%2f..%2flogin", "", "", unknown, locate.WhyOddPath},
	{"encoded path", "/auth/%72efresh", "", "", unknown, locate.WhyOddPath},
	// None of these.
	{"login", "/login", jsonType + "\nCookie: sid=1", `{"user":"ann","password":"p"}`, login, locate.WhyNoHint},
	{"nothing", "", "", "", login, locate.WhyNoHint},
}

func TestClassify_DecidesByWhatTheBackendReads(t *testing.T) {
	for _, tt := range classifyTests {
		t.Run(tt.name, func(t *testing.T) {
			if got := asked(tt.target, tt.lines, tt.body).Classify(); got.Cause != tt.want || got.Why != tt.why {
				t.Errorf("Classify of %s %q with the header %q = %s because of %s, want %s because of %s", tt.target, tt.body, tt.lines, got.Cause, got.Why, tt.want, tt.why)
			}
		})
	}
}

// Hooks do not run for clients, so a user must not be able to look like one.
func TestClassify_ClientCredentialsNeedOneClearField(t *testing.T) {
	for _, tt := range []struct {
		target, lines, body string
		want                bool
	}{
		{"/token", formType, "grant_type=client_credentials&client_id=c&client_secret=s", true},
		{"/token", jsonType + "\nAuthorization: Basic am9iOnM=", `{"grant_type":"client_credentials"}`, true},
		{"/token", jsonType + "\nAuthorization: Basic x", `{"grant_type":"client_credentials"}`, false},
		{"/token", jsonType + "\nAuthorization: Basic am9iOnM=\nAuthorization: Basic am9iOnM=", `{"grant_type":"client_credentials"}`, false},
		{"/token?grant_type=client_credentials", formType, "grant_type=client_credentials", true},
		{"/token?grant_type=client_credentials", formType, "username=u&password=p", false},
		{"/token", formType, "grant_type=client_credentials&username=u&password=p", false},
		{"/token", formType, "grant_type=client_credentials&client_id=c&client_assertion=a&client_assertion_type=t&scope=s", true},
		{"/login", jsonType, `{"grant_type":"client_credentials","handle":"u","key":"k"}`, false},
		{"/login", jsonType, `{"grant_type":"client_credentials","token":"t"}`, false},
		{"/login?key=k", formType, "grant_type=client_credentials", false},
		{"/login", formType + "\nCookie: sid=1", "grant_type=client_credentials", false},
		{"/login", formType + "\nAuthorization: Bearer x", "grant_type=client_credentials", false},
		{"/login", formType + "\nX-Api-Key: x", "grant_type=client_credentials", false},
		{"/token", formType, "grant_type=client_credentials&grant_type=password", false},
		{"/token", formType, "grant_type=password&grant_type=client_credentials", false},
		{"/token", formType, "grant_type=client_credentials&grant_type[]=password", false},
		{"/token", jsonType, `{"grant_type":"client_credentials","a":"&username=u"}`, false},
		{"/token?grant_type=password", formType, "grant_type=client_credentials", false},
		{"/token", "Content-Type: text/plain", "grant_type=client_credentials", false},
		{"/token", formType, "-", false},
	} {
		if got := asked(tt.target, tt.lines, tt.body).Classify(); got.ClientCredentials != tt.want {
			t.Errorf("Classify of %s %q with the header %q: client credentials %t, want %t", tt.target, tt.body, tt.lines, got.ClientCredentials, tt.want)
		}
	}
}

func TestClassify_NamesTheClientThatSignsInWithBasic(t *testing.T) {
	for line, want := range map[string][]string{
		"":                                nil,
		"\nAuthorization: Basic am9iOnM=": {"job", "job"},
		"\nAuthorization: basic " + base64.StdEncoding.EncodeToString([]byte("https%3A%2F%2Fa:s")): {"https%3A%2F%2Fa", "https://a"},
	} {
		if got := asked("/token", formType+line, "grant_type=client_credentials").Classify(); !got.ClientCredentials || !slices.Equal(got.Client, want) {
			t.Errorf("Classify with %q = %+v, want the client %q", line, got, want)
		}
	}
}

// B4: anyone can send a body of many small values, which would be large as Go values.
func TestClassify_UsesLittleMemory(t *testing.T) {
	for line, elements := range map[string][]string{
		jsonType: {`{},`, `{"":0},`, `[],`, `0,`, `"a",`},
		formType: {"a&", "&", "a=b&", "%61&"},
	} {
		for _, element := range elements {
			body := strings.Repeat(element, 1<<20/len(element))
			if line == jsonType {
				body = `{"a":[` + body + `0]}`
			}
			r := asked("/", line, body)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r.Classify()
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 5*uint64(len(body))/4 {
				t.Errorf("Classify allocated %d bytes for a body of %d bytes of %q, want little more", used, len(body), element)
			}
		}
	}
}

func BenchmarkClassify(b *testing.B) {
	for _, tt := range []struct{ name, lines, body string }{
		{"form", formType, "grant_type=password&username=anna&password=secret&client_id=web&scope=openid+profile"},
		{"JSON", jsonType, `{"email":"a@b.c","password":"p","remember":true}`},
		{"cookies", formType + "\nCookie: a=1; sessionid=2; csrftoken=3", "username=anna&password=secret"},
	} {
		b.Run(tt.name, func(b *testing.B) {
			r := asked("/oauth/token", tt.lines, tt.body)
			b.ReportAllocs()
			for b.Loop() {
				if r.Classify().Cause != login {
					b.Fatalf("Classify() = %+v, want a login", r.Classify())
				}
			}
		})
	}
}
