package locate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// hs256Token has the shape of a token, with a header that a survey recognizes: {"alg":"HS256"}.
const hs256Token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2ln"

func places(found []locate.Occurrence) string {
	var names []string
	for _, f := range found {
		names = append(names, f.Location.String())
		if f.Token != hs256Token {
			names = append(names, "with a wrong token")
		}
	}
	return strings.Join(names, " ")
}

func TestSurvey_NamesEachPlaceOfAResponse(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header []string
		body   string
		want   string
	}{
		{"json", []string{"Content-Type: application/json"}, `{"result":{"session":{"jwt":"` + hs256Token + `"}},"n":[1,{"t":null}]}`, "json:result.session.jwt"},
		{"json under another type", []string{"Content-Type: text/html"}, `{"a.b":"` + hs256Token + `"}`, `json:a\.b`},
		{"json with a guard", nil, `)]}',` + "\n" + `{"t":"` + hs256Token + `"}`, "json:t"},
		{"arrays", nil, `[[{"t":"x"},{"t":"` + hs256Token + `","u":{"v":"` + hs256Token + `"}}],"` + hs256Token + `"]`, "json:*.*.t json:*.*.u.v json:*"},
		{"after an object", nil, `{"a":{"b":{}},"c":"` + hs256Token + `"}`, "json:c"},
		{"a JSON string", nil, `"` + hs256Token + `"`, "body"},
		{"a scheme", nil, `{"t":"Bearer ` + hs256Token + `"}`, "json:t"},
		{"a URL in JSON", nil, `{"redirect":"https://app/#access_token=` + hs256Token + `&x=1"}`, "json:redirect"},
		{"JSON that is cut off", nil, `{"t":"` + hs256Token + `"`, ""},
		{"a bare token", []string{"Content-Type: text/html"}, " " + hs256Token + "\n", "body"},
		{"an input of a page", []string{"Content-Type: text/html"}, `<p>x<input type="hidden" name="id_token" value="` + hs256Token + `">`, "form:id_token"},
		{"a header and a cookie", []string{"X-Auth: JWT " + hs256Token, "Set-Cookie: s=" + hs256Token + "; Path=/", "Set-Cookie: t=1"}, "", "cookie:s header:X-Auth"},
		{"a redirect", []string{"Location: https://app/?a=" + hs256Token + "#id_token=" + hs256Token}, "", "fragment:id_token query:a"},
		{"an event stream", []string{"Content-Type: text/event-stream"}, `"` + hs256Token + `"`, ""},
		{"no token", []string{"X-A: a.b.c"}, `{"t":"a.b.c","u":"eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..a.b.c"}`, ""},
	} {
		found := locate.Response{Header: header(tt.header...), Body: []byte(tt.body)}.Survey()
		if got := places(found); got != tt.want {
			t.Errorf("%s: survey of %q and %q = %q, want %q", tt.name, tt.header, tt.body, got, tt.want)
		}
	}
}

// A rule with a location of the survey finds the token.
func TestSurvey_NamesWhatFindFinds(t *testing.T) {
	r := locate.Response{
		Header: header("Content-Type: application/json", "X-Auth: "+hs256Token, "Set-Cookie: a="+hs256Token, "Location: https://app/?a=1#b="+hs256Token),
		Body:   []byte(`{"a":[{"b":"` + hs256Token + `"}],"c":"https://app/?access_token=` + hs256Token + `"}`),
	}
	found := r.Survey()
	if len(found) != 5 {
		t.Errorf("survey = %s, want 5 places", places(found))
	}
	for _, f := range found {
		if again := r.Find([]locate.Location{f.Location}); len(again) == 0 || again[0].Token != hs256Token {
			t.Errorf("Find(%s) = %v, want the token", f.Location, again)
		}
	}
}

func TestSurvey_NamesEachPlaceOfARequest(t *testing.T) {
	form := []string{"Content-Type: application/x-www-form-urlencoded"}
	for _, tt := range []struct {
		header      []string
		query, body string
		want        string
	}{
		{header: []string{"Authorization: Bearer " + hs256Token, "Cookie: a=b; session=" + hs256Token}, want: "header:Authorization cookie:session"},
		{query: "a=b&t=" + hs256Token, want: "query:t"},
		{header: form, body: "a=b&token=" + hs256Token, want: "form:token"},
		{body: `{"a":{"token":"` + hs256Token + `"}}`, want: "json:a.token"},
	} {
		found := locate.Request{Header: header(tt.header...), Query: tt.query, Body: []byte(tt.body)}.Survey()
		if got := places(found); got != tt.want {
			t.Errorf("survey of %q, %q and %q = %q, want %q", tt.header, tt.query, tt.body, got, tt.want)
		}
	}
}

// Every location of a survey can be written into a rule.
func TestSurvey_LeavesOutNamesThatNoRuleCanHave(t *testing.T) {
	h := header("Set-Cookie: app:session="+hs256Token, "Set-Cookie: a/b="+hs256Token, "Set-Cookie: sid="+hs256Token)
	if got := places(locate.Response{Header: h}.Survey()); got != "cookie:sid" {
		t.Errorf("survey = %q, want cookie:sid", got)
	}
}

func TestSurvey_IsBounded(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 5000) + `"` + hs256Token + `"` + strings.Repeat("}", 5000)
	many := "[" + strings.Repeat(`"`+hs256Token+`",`, 1000) + "1]"
	for name, want := range map[string]int{deep: 0, many: 64} {
		if found := (locate.Response{Body: []byte(name)}).Survey(); len(found) != want {
			t.Errorf("survey of a body of %d bytes = %d tokens, want %d", len(name), len(found), want)
		}
	}
}

func ExampleResponse_Survey() {
	r := locate.Response{Body: []byte(`{"result":{"jwt":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2ln"}}`)}
	for _, found := range r.Survey() {
		fmt.Println(found.Location)
	}
	// Output: json:result.jwt
}
