package doctor_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/doctor"
)

func TestParseFile_ReadsAWholeRequest(t *testing.T) {
	for _, test := range []struct {
		text string
		want doctor.Request
	}{
		{"GET /me\n", doctor.Request{Method: "GET", Path: "/me"}},
		{"POST /login HTTP/1.1\r\nX-Tenant: ${T}\r\nContent-Type: application/json\r\n\r\n{\"a\":\n1}\r\n", doctor.Request{
			Method: "POST", Path: "/login", Body: "{\"a\":\n1}",
			Header: []doctor.Line{{Name: "X-Tenant", Value: "${T}"}, {Name: "Content-Type", Value: "application/json"}},
		}},
	} {
		if got, err := doctor.ParseFile(test.text); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("ParseFile(%q) = %+v, %v; want %+v", test.text, got, err, test.want)
		}
	}
	for text, want := range map[string]string{
		"":                        "first line must be a method and a path",
		"post /login":             "first line must be a method and a path",
		"POST /a\nno colon\n\nb":  "line 2 must be a header line",
		"POST /a b":               "first line must be a method and a path",
		"POST http://elsewhere/a": "first line must be a method and a path",
	} {
		if got, err := doctor.ParseFile(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseFile(%q) = %+v, %v; want an error with %q", text, got, err, want)
		}
	}
}

// A value with quotes, ampersands or line breaks stays one value.
func TestRequest_EscapesValues(t *testing.T) {
	const password = "p\"w&d=%\n\\${x}"
	for _, test := range []struct {
		body string
		read func(t *testing.T, body string) string
	}{
		{`{"p":"${DOCTOR_PASSWORD}"}`, func(t *testing.T, body string) string {
			var object struct{ P string }
			if err := json.Unmarshal([]byte(body), &object); err != nil {
				t.Errorf("the body %q: %v", body, err)
			}
			return object.P
		}},
		{`u=1&p=${DOCTOR_PASSWORD}`, func(t *testing.T, body string) string {
			form, err := url.ParseQuery(body)
			if err != nil {
				t.Errorf("the body %q: %v", body, err)
			}
			return form.Get("p")
		}},
	} {
		var got string
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" {
				body, _ := io.ReadAll(r.Body)
				got = test.read(t, string(body))
			}
		}))
		login := request(t, "POST /login")
		login.Body = test.body
		findings(t, unconnected(t, server.URL, doctor.Options{Login: login, Env: func(string) (string, bool) { return password, true }}))
		server.Close()
		if got != password {
			t.Errorf("%s: the backend got %q, want %q", test.body, got, password)
		}
	}
}

// unconnected are options for a configuration whose sidecar is the server itself.
func unconnected(t *testing.T, server string, o doctor.Options) doctor.Options {
	t.Helper()
	o.Config = load(t, written(t, "listen: 127.0.0.1:0\nadmin: off\nbackend: "+server+"\nrules: "+loginRule+"\nverify: {secret: 0123456789abcdef0123456789abcdef}\ndocuments: {file: users.json, user_id_field: id}\n"))
	o.URL = parse(t, server)
	return o
}

// A login without a path, a body or a variable is an error before doctor sends anything.
func TestDoctor_SaysWhatIsMissing(t *testing.T) {
	none := func(string) (string, bool) { return "", false }
	some := func(name string) (string, bool) { return "anna", name == "DOCTOR_USER" }
	login := request(t, "POST /login")
	other := login
	other.Header = []doctor.Line{{Name: "X-Tenant", Value: "${TENANT}"}}
	other.Body = "{}"
	open := login
	open.Body = `{"a":"${B"}`
	for _, test := range []struct {
		name  string
		login doctor.Request
		env   func(string) (string, bool)
		want  string
	}{
		{"several logins", doctor.Request{}, none, "several rules can be the login: POST /login, POST /oauth/token\nName the login with --login"},
		{"no body", login, none, "DOCTOR_USER and DOCTOR_PASSWORD are not set"},
		{"half of a body", login, some, "POST /login: the environment variable DOCTOR_PASSWORD is not set"},
		{"a header", other, none, "the environment variable TENANT is not set"},
		{"an open variable", open, none, "a ${ is not followed by the name"},
	} {
		o := unconnected(t, "http://127.0.0.1:1", doctor.Options{Login: test.login, Env: test.env})
		err := doctor.Run(t.Context(), o, func(f doctor.Finding) { t.Errorf("%s: found %+v, want an error first", test.name, f) })
		if _, ok := errors.AsType[*doctor.UsageError](err); !ok || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Run = %v, want a UsageError with %q", test.name, err, test.want)
		}
	}
}
