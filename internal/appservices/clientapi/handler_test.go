package clientapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/internal/appservices/clientapi"
)

// users authenticates the tokens of these tests: a token is the id of its user, or one of
// those that are refused.
func users(_ context.Context, token string) (enrich.Session, error) {
	if err := refusedTokens[token]; err != nil {
		return enrich.Session{}, err
	}
	claims, _ := json.Marshal(map[string]string{"sub": token, "email": token + "@example.com"})
	return enrich.Session{User: enrich.User{ID: token}, Claims: claims}, nil
}

var refusedTokens = map[string]error{
	"expired": enrich.ErrExpired, "bad": enrich.ErrBadToken, "opaque": enrich.ErrOpaque, "foreign": enrich.ErrNotOurs,
	"large": enrich.ErrTooLarge, "undecided": errors.New("the keys could not be fetched"),
}

func bearer(r *http.Request) (string, bool) {
	return strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// documents is a source with a document for each id. A nil error means no document.
type documents map[string]enrich.Document

func (d documents) Lookup(_ context.Context, q enrich.Query) (enrich.Document, error) {
	if q.User.ID == "broken" {
		return enrich.Document{}, errors.New("MongoDB does not answer")
	}
	if found, ok := d[q.User.ID]; ok {
		return found, nil
	}
	return enrich.Document{}, enrich.ErrNoDocument
}

// echo returns what it was called with.
type echo struct{}

func (echo) Call(_ context.Context, c appservices.Caller, name string, args []json.RawMessage) (json.RawMessage, error) {
	return json.Marshal(map[string]any{"name": name, "args": args, "user": c.User, "request": c.Request})
}

// failing fails with an error.
type failing struct{ error }

func (f failing) Call(context.Context, appservices.Caller, string, []json.RawMessage) (json.RawMessage, error) {
	return nil, f.error
}

// options are those of a handler whose functions and service are an echo.
func options() clientapi.Options {
	return clientapi.Options{
		Authenticate: users, Bearer: bearer, Functions: echo{}, Service: echo{}, Services: []string{"mongodb-atlas"}, Timeout: time.Second,
		Source: documents{
			"anna": {JSON: json.RawMessage(`{"team":"red"}`)}, "stale": {JSON: json.RawMessage(`{}`), Stale: true},
		},
		Address: func(context.Context) string { return "192.0.2.1" },
	}
}

// send sends a call of a user.
func send(o clientapi.Options, token, body string, header ...string) *httptest.ResponseRecorder {
	return sendTo(clientapi.New(o), token, body, header...)
}

func sendTo(h http.Handler, token, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/api/client/v2.0/app/myapp/functions/call", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json;charset=utf-8")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHandler_AnswersErrorsAsAppServicesDid(t *testing.T) {
	const ok = `{"name":"f","arguments":[]}`
	for _, test := range []struct {
		name, token, body string
		header            []string
		status            int
		code, text        string
	}{
		{"no token", "", ok, nil, 403, "MissingAuthReq", "expected Authorization header with JWT"},
		{"an expired token", "expired", ok, nil, 401, "InvalidSession", "invalid session"},
		{"a bad token", "bad", ok, nil, 403, "InvalidSession", "invalid session"},
		{"an opaque token", "opaque", ok, nil, 403, "InvalidSession", "invalid session"},
		{"a token of another issuer", "foreign", ok, nil, 403, "InvalidSession", "invalid session"},
		{"a token that is too large", "large", ok, nil, 403, "InvalidSession", "invalid session"},
		{"a token that cannot be verified now", "undecided", ok, nil, 503, "InternalServerError", ""},
		{"custom data that cannot be read", "broken", ok, nil, 503, "InternalServerError", ""},
		{"custom data that is too old", "stale", ok, nil, 503, "InternalServerError", ""},
		{"a form", "anna", ok, []string{"Content-Type", "text/plain"}, 415, "BadRequest", ""},
		{"an empty body", "anna", "", nil, 400, "BadRequest", ""},
		{"an array", "anna", "[]", nil, 400, "BadRequest", ""},
		{"two values", "anna", ok + ok, nil, 400, "BadRequest", ""},
		{"a name twice", "anna", `{"name":"f","name":"g","arguments":[]}`, nil, 400, "BadRequest", ""},
		{"a name twice in an argument", "anna", `{"name":"f","arguments":[{"a":1,"a":2}]}`, nil, 400, "BadRequest", ""},
		{"no name", "anna", `{"arguments":[]}`, nil, 400, "BadRequest", "name is missing"},
		{"a number as the name", "anna", `{"name":1}`, nil, 400, "BadRequest", ""},
		{"a long name", "anna", `{"name":"` + strings.Repeat("f", 257) + `"}`, nil, 400, "BadRequest", ""},
		{"arguments that are an object", "anna", `{"name":"f","arguments":{}}`, nil, 400, "BadRequest", ""},
		{"too many arguments", "anna", `{"name":"f","arguments":[` + strings.Repeat("1,", 100) + `1]}`, nil, 400, "BadRequest", ""},
		{"deep arguments", "anna", `{"name":"f","arguments":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, nil, 400, "BadRequest", ""},
		{"invalid Extended JSON", "anna", `{"name":"f","arguments":[{"$oid":"zz"}]}`, nil, 400, "BadRequest", ""},
		{"a large body", "anna", `{"name":"` + strings.Repeat(" ", clientapi.MaxBody) + `"}`, nil, 413, "BadRequest", ""},
		{"another service", "anna", `{"name":"find","service":"http"}`, nil, 404, "ServiceNotFound", "service not found: 'http'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := send(options(), test.token, test.body, test.header...)
			checkError(t, got, test.status, test.code, test.text)
		})
	}
}

// checkError checks that an answer is an error in the form that SDKs read.
func checkError(t *testing.T, got *httptest.ResponseRecorder, status int, code, text string) {
	t.Helper()
	var body struct {
		Error string
		Code  string `json:"error_code"`
	}
	if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil {
		t.Fatalf("got the body %s: %v", got.Body, err)
	}
	if got.Code != status || body.Code != code || body.Error == "" || text != "" && body.Error != text {
		t.Errorf("got %d %s, want %d %s %q", got.Code, got.Body, status, code, text)
	}
	if kind := got.Header().Get("Content-Type"); kind != "application/json" {
		t.Errorf("got the content type %q, want application/json and nothing else: the native SDKs compare it", kind)
	}
}

func TestHandler_WithoutFunctionsOrServiceFindsNone(t *testing.T) {
	o := options()
	o.Functions, o.Service = nil, nil
	checkError(t, send(o, "anna", `{"name":"f"}`), 404, "FunctionNotFound", "function not found: 'f'")
	checkError(t, send(o, "anna", `{"name":"find","service":"mongodb-atlas"}`), 404, "ServiceNotFound", "service not found: 'mongodb-atlas'")
}

func TestHandler_RefusesOtherMethods(t *testing.T) {
	for method, text := range map[string]string{
		http.MethodGet: "streams of changes (watch) are not supported", http.MethodPut: "a call is a POST request", http.MethodOptions: "a call is a POST request",
	} {
		w := httptest.NewRecorder()
		clientapi.New(options()).ServeHTTP(w, httptest.NewRequest(method, "/call?baas_request=e30%3D", nil))
		checkError(t, w, 405, "BadRequest", text)
		if allow := w.Header().Get("Allow"); allow != "POST, OPTIONS" {
			t.Errorf("%s: got Allow: %q, want POST, OPTIONS", method, allow)
		}
	}
}

// The functions and the service get the user with their custom data, and nothing that
// identifies them to the backend.
func TestHandler_GivesTheUserAndTheRequest(t *testing.T) {
	for name, body := range map[string]string{
		"a function": `{"arguments":[{"$oid":"62efedca3587e6e83c0fc675"},1,null],"name":"f"}`,
		"a service":  `{"arguments":[{"$oid":"62efedca3587e6e83c0fc675"},1,null],"name":"f","service":"mongodb-atlas"}`,
	} {
		got := send(options(), "anna", body, "Cookie", "session=secret", "User-Agent", "realm-web", "Referer", "https://app.example.com", "$oid", "62efedca3587e6e83c0fc675")
		service := strings.TrimPrefix(strings.TrimPrefix(name, "a "), "function")
		if service != "" {
			service = "mongodb-atlas"
		}
		want := `{"args":[{"$oid":"62efedca3587e6e83c0fc675"},{"$numberInt":"1"},null],"name":"f",` +
			`"request":{"remoteIPAddress":"192.0.2.1","requestHeaders":{"Content-Type":["application/json;charset=utf-8"],"Referer":["https://app.example.com"],"User-Agent":["realm-web"]},` +
			`"httpMethod":"POST","httpUserAgent":"realm-web","httpReferrer":"https://app.example.com","rawQueryString":"","service":"` + service + `","action":"f"},` +
			`"user":{"id":"anna","type":"normal","data":{"email":"anna@example.com"},"custom_data":{"team":"red"},"identities":[{"id":"anna","provider_type":"","data":{"email":"anna@example.com"}}]}}`
		if got.Code != 200 || got.Body.String() != want {
			t.Errorf("%s: got %d %s, want 200 %s", name, got.Code, got.Body, want)
		}
		if kind := got.Header().Get("Content-Type"); kind != "application/json" {
			t.Errorf("%s: got the content type %q, want application/json", name, kind)
		}
	}
}

func TestHandler_AnswersWhatAServiceFailsWith(t *testing.T) {
	for _, test := range []struct {
		err          error
		status       int
		code, result string
	}{
		{&appservices.Error{Status: 403, Code: "NoMatchingRuleFound", Message: "no"}, 403, "NoMatchingRuleFound", "refused"},
		{fmt.Errorf("wrapped: %w", &appservices.Error{Status: 400, Code: "InvalidParameter", Message: "no"}), 400, "InvalidParameter", "invalid"},
		{errors.New("anna's secret"), 503, "InternalServerError", "failed"},
	} {
		o, counted := options(), ""
		o.Service = failing{test.err}
		o.Count = func(_ context.Context, endpoint, result string) { counted = endpoint + " " + result }
		got := send(o, "anna", `{"name":"find","service":"mongodb-atlas"}`)
		checkError(t, got, test.status, test.code, "")
		if strings.Contains(got.Body.String(), "secret") {
			t.Errorf("%v: got %s, which has the error", test.err, got.Body)
		}
		if want := "data " + test.result; counted != want {
			t.Errorf("%v: counted %q, want %q", test.err, counted, want)
		}
	}
}

func TestHandler_AnswersBeforeTheTimeIsOver(t *testing.T) {
	o := options()
	o.Timeout = 10 * time.Millisecond
	o.Functions = waiting{}
	checkError(t, send(o, "anna", `{"name":"f"}`), 400, "ExecutionTimeLimitExceeded", "execution time limit exceeded")
}

// waiting waits until the time of the call ends.
type waiting struct{}

func (waiting) Call(ctx context.Context, _ appservices.Caller, _ string, _ []json.RawMessage) (json.RawMessage, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestHandler_LimitsUsers(t *testing.T) {
	o, counted := options(), ""
	o.Allow = func(user enrich.User) (time.Duration, bool) { return 1500 * time.Millisecond, user.ID != "anna" }
	o.Count = func(_ context.Context, endpoint, result string) { counted = endpoint + " " + result }
	got := send(o, "anna", `{"name":"f"}`)
	checkError(t, got, 429, "LimitExceeded", "")
	if after := got.Header().Get("Retry-After"); after != "2" || counted != "functions limited" {
		t.Errorf("got Retry-After: %q and counted %q, want 2 and functions limited", after, counted)
	}
	if other := send(o, "ben", `{"name":"f"}`); other.Code != 200 {
		t.Errorf("another user: got %d, want 200", other.Code)
	}
}

func TestHandler_WithoutMemoryForTheResultIsOverloaded(t *testing.T) {
	o, counted := options(), ""
	o.Reserve = func(context.Context, int64) bool { return false }
	o.Count = func(_ context.Context, endpoint, result string) { counted = endpoint + " " + result }
	checkError(t, send(o, "anna", `{"name":"f"}`), 503, "InternalServerError", "")
	if counted != "functions overloaded" {
		t.Errorf("counted %q, want functions overloaded", counted)
	}
}

func FuzzHandler_AnswersEveryBodyWithJSON(f *testing.F) {
	f.Add(`{"name":"f","arguments":[{"$date":{"$numberLong":"1"}}],"service":"mongodb-atlas"}`)
	f.Add(`{"name":"f","arguments":[{"__proto__":{"a":1}}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		if got := send(options(), "anna", body); !json.Valid(got.Body.Bytes()) || got.Code >= 500 {
			t.Errorf("%q: got %d %s, want JSON that does not blame the server", body, got.Code, got.Body)
		}
	})
}
