package userheaders_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
	"github.com/tokengraft/tokengraft/internal/userheaders"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

var errKeys = errors.New("the keys cannot be fetched")

// tokens knows a few tokens: "enriched DOCUMENT" is the one of a user with the document.
type tokens struct{ asked int }

func (t *tokens) MayRestore(token string) bool { return !strings.HasPrefix(token, "original") }

func (t *tokens) Authenticate(_ context.Context, token string) (enrich.Session, error) {
	t.asked++
	document, enriched := strings.CutPrefix(token, "enriched")
	switch {
	case token == "away":
		return enrich.Session{}, errKeys
	case token == "expired":
		return enrich.Session{}, enrich.ErrExpired
	case !enriched:
		return enrich.Session{User: enrich.User{ID: "anna"}}, nil // an original
	}
	return enrich.Session{User: enrich.User{ID: "anna"}, Enriched: true, Document: json.RawMessage(strings.TrimSpace(document))}, nil
}

func userObject(s enrich.Session) json.RawMessage {
	document := string(s.Document)
	if document == "" {
		document = "{}"
	}
	return fmt.Appendf(nil, `{"id":%q,"type":"normal","data":{},"custom_data":%s}`, s.User.ID, document)
}

type fixture struct {
	*userheaders.Headers
	tokens *tokens
	log    *bytes.Buffer
}

func newHeaders(t *testing.T, allow string, headers map[string]string) fixture {
	t.Helper()
	f := fixture{tokens: &tokens{}, log: &bytes.Buffer{}}
	o := userheaders.Options{Headers: headers, Tokens: f.tokens, User: userObject, Logger: slog.New(slog.NewTextHandler(f.log, nil))}
	o.Token, _ = locate.Parse("header:Authorization")
	o.Values = bsonvalue.NewDocument(bsonvalue.Member{Name: "tenant", Value: bsonvalue.NewString("acme")})
	var err error
	if allow != "" {
		if o.Allow, err = expression.Parse([]byte(allow), expression.Scope{}); err != nil {
			t.Fatal(err)
		}
	}
	if f.Headers, err = userheaders.New(o); err != nil {
		t.Fatal(err)
	}
	return f
}

func request(lines ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/api/x", nil)
	r.Header["Authorization"] = lines
	return r
}

func TestHeaders_EncodeEveryValue(t *testing.T) {
	f := newHeaders(t, "", map[string]string{"X-V": "%%user.custom_data.v"})
	for _, test := range []struct{ value, want string }{
		{`"English"`, "English"},
		{`"a b"`, "a b"},
		{`" a "`, "%20a%20"},
		{`"  "`, "%20%20"},
		{`"100%"`, "100%25"},
		{`"%0d%0aX-Admin: true"`, "%250d%250aX-Admin: true"},
		{`"a\r\nX-Admin: true"`, "a%0D%0AX-Admin: true"},
		{`"a\u0000b\t"`, "a%00b%09"},
		{`"Zoë"`, "Zo%C3%AB"},
		{`""`, ""},
		{`true`, "true"},
		{`42`, "42"},
		{`1.5`, "1.5"},
		{`{"$numberInt":"13"}`, "13"},
		{`{"$numberLong":"9007199254740993"}`, "9007199254740993"},
		{`{"$numberDouble":"70.5"}`, "70.5"},
		{`{"$numberDecimal":"1.10"}`, "1.10"},
		{`{"$date":{"$numberLong":"1577836800000"}}`, "2020-01-01T00:00:00.000Z"},
		{`{"$oid":"5f1f216e82df4a7979f9da93"}`, "5f1f216e82df4a7979f9da93"},
		{`{"$uuid":"123e4567-e89b-12d3-a456-426614174000"}`, "123e4567-e89b-12d3-a456-426614174000"},
		{`["a","b,c","d\"]"]`, `["a","b,c","d\"]"]`},
		{`["ë","😀","%"]`, `["\u00eb","\ud83d\ude00","%25"]`},
		{`{"a":[1,{"$date":{"$numberLong":"0"}}],"b":null,"c":[[],[]]}`, `{"a":[1,"1970-01-01T00:00:00.000Z"],"b":null,"c":[[],[]]}`},
		{`[{"$numberDouble":"NaN"}]`, `["NaN"]`},
		{`null`, "absent"},
	} {
		headers, err := f.Of(request("Bearer enriched " + `{"v":` + test.value + `}`))
		if err != nil {
			t.Fatal(err)
		}
		got := "absent"
		if lines := headers["X-V"]; lines != nil {
			got = lines[0]
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.value, got, test.want)
		}
		if _, err := url.PathUnescape(got); err != nil {
			t.Errorf("%s: %q cannot be decoded: %v", test.value, got, err)
		}
	}
}

func TestHeaders_OnlyComeFromAnEnrichedToken(t *testing.T) {
	headers := map[string]string{"X-Language": "%%user.custom_data.language", "X-Tenant": "%%values.tenant", "X-By": "us", "X-Missing": "%%user.custom_data.missing"}
	const enriched = `enriched {"language":"en"}`
	for _, test := range []struct {
		name  string
		lines []string
		want  string
		asked int
	}{
		{"enriched", []string{"Bearer " + enriched}, "us en acme", 1},
		{"scheme in another case", []string{"bEARER  " + enriched}, "us en acme", 1},
		{"enriched without a document", []string{"Bearer enriched "}, "us  acme", 1},
		{"none", nil, "none", 0},
		{"two", []string{"Bearer " + enriched, "Bearer " + enriched}, "none", 0},
		{"original", []string{"Bearer original"}, "none", 0},
		{"looks enriched", []string{"Bearer fake"}, "none", 1},
		{"expired", []string{"Bearer expired"}, "none", 1},
		{"keys away", []string{"Bearer away"}, "none", 1},
	} {
		f := newHeaders(t, "", headers)
		got, err := f.Of(request(test.lines...))
		text := "none"
		if got != nil {
			text = got.Get("X-By") + " " + got.Get("X-Language") + " " + got.Get("X-Tenant")
		}
		if text != test.want || err != nil || f.tokens.asked != test.asked {
			t.Errorf("%s: got %q, %v, %d checks of a signature; want %q, %d", test.name, text, err, f.tokens.asked, test.want, test.asked)
		}
	}
}

func TestHeaders_AllowRefusesEveryoneElse(t *testing.T) {
	for _, test := range []struct {
		lines []string
		want  error
	}{
		{[]string{`Bearer enriched {"admin":true}`}, nil},
		{[]string{`Bearer enriched {"admin":"true"}`}, proxy.ErrForbidden},
		{[]string{`Bearer enriched {}`}, proxy.ErrForbidden},
		{[]string{`Bearer enriched {"$date":"x"}`}, proxy.ErrForbidden},
		{[]string{"Bearer enriched "}, proxy.ErrForbidden},
		{[]string{"Bearer original"}, proxy.ErrForbidden},
		{[]string{"Bearer expired"}, proxy.ErrForbidden},
		{[]string{`Bearer enriched {"admin":true}`, "Bearer x"}, proxy.ErrForbidden},
		{nil, proxy.ErrForbidden},
		{[]string{"Bearer away"}, errKeys},
	} {
		f := newHeaders(t, `{"%%user.custom_data.admin":true}`, map[string]string{"X-By": "us"})
		headers, err := f.Of(request(test.lines...))
		if !errors.Is(err, test.want) || (err == nil) != (headers.Get("X-By") == "us") {
			t.Errorf("%q: got %v, %v; want %v", test.lines, headers, err, test.want)
		}
	}
}

func TestHeaders_LeaveOutWhatIsTooLarge(t *testing.T) {
	f := newHeaders(t, "", map[string]string{
		"X-A": "%%user.custom_data.medium", "X-B": "%%user.custom_data.medium", "X-C": "%%user.custom_data.medium", "X-Large": "%%user.custom_data.large", "X-Z": "z"})
	medium, large := strings.Repeat("m", 3<<10), strings.Repeat("é", 1<<10)
	got, err := f.Of(request(fmt.Sprintf(`Bearer enriched {"medium":%q,"large":%q}`, medium, large)))
	if err != nil || len(got) != 3 || got.Get("X-A") == "" || got.Get("X-B") == "" || got.Get("X-Z") != "z" {
		t.Errorf("got %d headers, %v; want X-A, X-B and X-Z", len(got), err)
	}
	log := f.log.String()
	if strings.Count(log, "\n") != 2 || !strings.Contains(log, "X-Large") || !strings.Contains(log, "X-C") || strings.Contains(log, "mmm") {
		t.Errorf("the log is %q; want a line for X-Large and X-C, without values", log)
	}
}

func TestHeaders_TakeTheTokenFromOneCookie(t *testing.T) {
	place, _ := locate.Parse("cookie:session")
	h, err := userheaders.New(userheaders.Options{Token: place, Headers: map[string]string{"X-Id": "%%user.id"}, Tokens: &tokens{}, User: userObject, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for cookies, want := range map[string]string{
		`session="enriched {}"`: "anna", `a=b; session="enriched {}"`: "anna",
		`session="enriched {}"; session=x`: "", `a=b`: "", `Session="enriched {}"`: "",
	} {
		r := request()
		r.Header.Set("Cookie", cookies)
		if got, err := h.Of(r); got.Get("X-Id") != want || err != nil {
			t.Errorf("%s: got %v, %v; want %q", cookies, got, err, want)
		}
	}
}

// No document can add a header or an item.
func FuzzHeaders_ValuesArePrintableAndDecode(f *testing.F) {
	f.Add("a\r\nX-Admin: 1")
	f.Add(" é%\x00\x7f")
	f.Fuzz(func(t *testing.T, text string) {
		h := newHeaders(t, "", map[string]string{"X-V": "%%user.custom_data.v", "X-L": "%%user.custom_data.l"})
		quoted, _ := json.Marshal(text)
		got, err := h.Of(request(fmt.Sprintf(`Bearer enriched {"v":%s,"l":[%[1]s]}`, quoted)))
		if err != nil {
			t.Fatal(err)
		}
		var same string
		_ = json.Unmarshal(quoted, &same)
		for name, lines := range got {
			for _, c := range []byte(lines[0]) {
				if c < ' ' || c > '~' {
					t.Errorf("%s has the byte %#x", name, c)
				}
			}
			decoded, err := url.PathUnescape(lines[0])
			if err != nil || name == "X-V" && decoded != same {
				t.Errorf("%s: %q decodes to %q, %v; want %q", name, lines[0], decoded, err, same)
			}
			var list []string
			if name == "X-L" && (json.Unmarshal([]byte(decoded), &list) != nil || len(list) != 1 || list[0] != same) {
				t.Errorf("%s: %q decodes to %q; want one item %q", name, lines[0], list, same)
			}
		}
	})
}
