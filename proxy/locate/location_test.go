package locate_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// loc parses a location. The test fails if the text is wrong.
func loc(t testing.TB, text string) locate.Location {
	t.Helper()
	var l locate.Location
	if err := l.UnmarshalText([]byte(text)); err != nil {
		t.Fatalf("UnmarshalText(%q): %v", text, err)
	}
	return l
}

func locs(t testing.TB, texts ...string) []locate.Location {
	t.Helper()
	parsed := make([]locate.Location, len(texts))
	for i, text := range texts {
		parsed[i] = loc(t, text)
	}
	return parsed
}

func TestLocation_StringIsTheParsedText(t *testing.T) {
	for _, text := range []string{
		"json:access_token", "json:data.tokens.*.jwt", `json:a\.b.c`, "header:x-Auth-token", "cookie:__Host-session",
		"fragment:access_token", "query:code:x", "form:id_token", "body",
	} {
		first, again := loc(t, text), loc(t, text)
		if got := first.String(); got != text {
			t.Errorf("String of %q = %q, want the same text", text, got)
		}
		if first != again {
			t.Errorf("%q parsed twice gives two locations that are not equal", text)
		}
	}
}

func TestLocation_ErrorSaysWhatIsAllowed(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", "Use json:PATH"},
		{"jsn:access_token", "unknown kind; write json:access_token"},
		{"Set-Cookie:session", "unknown kind; write cookie:session"},
		{"json:$.a.b", "write json:a.b."},
		{"json:$..a", "is not a path"},
		{"other:access_token", "Use json:PATH, header:NAME, cookie:NAME, fragment:NAME, query:NAME, form:NAME or body"},
		{"json", "Add it, as in json:access_token"},
		{"header:", "Add it, as in header:access_token"},
		{"body:x", "body has no name"},
		{"body:", "body has no name"},
		{"json:a..b", "empty element"},
		{"header:X Auth", "only letters, digits and !#$%&'*+-.^_`|~"},
		{"cookie:a;b", "only letters, digits"},
	} {
		unchanged := loc(t, "body")
		err := unchanged.UnmarshalText([]byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("UnmarshalText(%q) = %v, want an error that contains %q", test.text, err, test.want)
		}
		if unchanged != loc(t, "body") {
			t.Errorf("UnmarshalText(%q) failed but changed the location to %v", test.text, unchanged)
		}
	}
}

func TestLocation_KindFollowsFromTheName(t *testing.T) {
	for _, test := range []struct {
		text    string
		want    enrich.Kind
		refresh bool
	}{
		{"json:access_token", enrich.Access, false},
		{"json:id_token", enrich.ID, false},
		{"json:idToken", enrich.ID, false},
		{"json:IdToken", enrich.ID, false},
		{"json:data.id_token", enrich.ID, false},
		{"json:id_token.value", enrich.Access, false},
		{`json:data\.id_token`, enrich.Access, false},
		{"json:my-id-token", enrich.ID, false},
		{"json:appIdToken", enrich.ID, false},
		{"json:paid_token", enrich.Access, false},
		{"json:paidToken", enrich.Access, false},
		{"json:valid_token", enrich.Access, false},
		{"json:ID_TOKEN", enrich.Access, false},
		{"header:X-Id-Token", enrich.ID, false},
		{"header:ID-TOKEN", enrich.ID, false},
		{"header:X-Paid-Token", enrich.Access, false},
		{"cookie:__Host-id_token", enrich.ID, false},
		{"form:id_token", enrich.ID, false},
		{"fragment:id_token", enrich.ID, false},
		{"query:token", enrich.Access, false},
		{"body", enrich.Access, false},
		{"json:refresh_token", enrich.Access, true},
		{"json:data.refreshToken", enrich.Access, true},
		{"header:X-Refresh-Token", enrich.Access, true},
		{"cookie:refresh-token", enrich.Access, true},
		{"json:refresh_token.hint", enrich.Access, false},
		{"json:refreshed_token", enrich.Access, false},
	} {
		l := loc(t, test.text)
		if got := l.Kind(); got != test.want {
			t.Errorf("Kind of %s = %s, want %s", l, got, test.want)
		}
		if got := l.HoldsRefreshToken(); got != test.refresh {
			t.Errorf("HoldsRefreshToken of %s = %t, want %t", l, got, test.refresh)
		}
	}
}

func TestLocation_ZeroFindsNoToken(t *testing.T) {
	var zero locate.Location
	r := locate.Response{Header: header("Content-Type: text/plain"), Body: []byte(T)}
	if found := r.Find([]locate.Location{zero}); len(found) > 0 {
		t.Errorf("found %d tokens at the zero location, want 0", len(found))
	}
}
