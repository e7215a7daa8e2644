package attack_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// A documentRow is what a user has written into a document: its members, which
// must stay within the claim.
type documentRow struct{ sends, members string }

var documentRows = []documentRow{
	{"members sub, scope, exp, iss, aud, roles", `"sub":"hush-anna","scope":"admin","exp":99999999999,"iss":"evil","aud":"*","roles":["admin"]`},
	{"__proto__ and constructor", `"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}`},
	{`a name of ","role":"admin`, `"name":"\",\"role\":\"admin","n2":"\"},\"role\":\"admin\",\"x\":{\"y\":\""`},
	{`a key of x":1},"role":"admin`, `"x\":1},\"role\":\"admin":"","quote\"\\":1`},
	{"line breaks and markup", splitting},
	{"the claim in the claim", `"custom_data":{"custom_data":{}},"tgr":"x","alg":"none"`},
	{"extended JSON", `"when":{"$date":"2020-01-01T00:00:00Z"},"code":{"$code":"function(){}"},"n":{"$numberDouble":"NaN"}`},
	{"90 objects in each other", `"x":` + strings.Repeat(`{"x":`, 90) + "1" + strings.Repeat("}", 90)},
}

const splitting = `"name":"a\r\nSet-Cookie: session=evil\r\n\r\n<script>alert(1)</script>\u2028\u0000"`

var (
	hostileDocument   = kind{"hostile document", "H1, A3"}
	responseSplitting = kind{"response splitting", "A2"}
	largeDocument     = kind{"large document", "H3"}
	forgedClaim       = kind{"forged claim", "H2"}
)

// attackWithDocuments shows that what a user writes into a document stays within
// the claim.
func (s *suite) attackWithDocuments(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	documents := []string{
		annas,
		`{"id":"hush-splitting",` + splitting + `}`,
		`{"id":"hush-large","x":"` + strings.Repeat("x", 20<<10) + `"}`,
	}
	for i, row := range documentRows {
		documents = append(documents, fmt.Sprintf(`{"id":"hush-%d",%s}`, i, row.members))
	}
	tg := s.start(t, usual(startBackend(t, issuer).URL), "["+strings.Join(documents, ",")+"]")
	for i, row := range documentRows {
		s.run(t, hostileDocument, row.sends, func(t *testing.T) (happens string) {
			original := issuer.Token(claimsOf(quoted(fmt.Sprintf("hush-%d", i)), `,"role":"user"`))
			return tg.checkWithinClaim(t, original)
		})
	}
	s.run(t, responseSplitting, "a document with CRLF, in a cookie and a header", func(t *testing.T) (happens string) {
		return tg.checkHeaderLines(t, issuer.Token(claimsOf(`"hush-splitting"`, "")))
	})
	tg.checkPasses(t, tokenRow{largeDocument, "20 KB", issuer.Token(claimsOf(`"hush-large"`, "")), "too_large"})
	s.run(t, forgedClaim, "an original that has the claim already", func(t *testing.T) (happens string) {
		_, claims := enrichtest.DecodeToken(t, tg.issue(t, issuer.Token(claimsOf(quoted(anna), `,"custom_data":{"role":"admin"}`))))
		replaced := strings.Count(claims, `"custom_data"`) == 1 && !strings.Contains(claims, `"role":"admin"`)
		if !replaced {
			t.Errorf("the claims are %s, want the document in place of the claim", claims)
		}
		return either(replaced, "is replaced", "STAYS")
	})
}

// checkWithinClaim shows that the document of a token adds the claim to it and
// changes nothing else, and that the token becomes its original again.
func (tg *target) checkWithinClaim(t *testing.T, original string) (happens string) {
	t.Helper()
	enriched := tg.issue(t, original)
	_, before := enrichtest.DecodeToken(t, original)
	_, after := enrichtest.DecodeToken(t, enriched)
	within := strings.HasPrefix(after, strings.TrimSuffix(before, "}")+`,"custom_data":{`) && strings.Join(topLevel(t, after), " ") == "iss aud sub iat exp role custom_data"
	restored := tg.atBackend(t, enriched)
	if !within || restored != original {
		t.Errorf("claims %s become %s, want one member more; the backend gets %s back, want %s", before, after, restored, original)
	}
	return either(within && restored == original, "within the claim, all else as signed; restores", "GETS OUT")
}

// topLevel returns the names of an object's members, in their order.
func topLevel(t *testing.T, object string) (names []string) {
	t.Helper()
	var members bson.D
	if err := bson.UnmarshalExtJSON([]byte(object), false, &members); err != nil {
		t.Fatalf("claims %s: %v", object, err)
	}
	for _, member := range members {
		names = append(names, member.Key)
	}
	return names
}

// checkHeaderLines shows that a token in a cookie and in a header is one line
// each.
func (tg *target) checkHeaderLines(t *testing.T, token string) (happens string) {
	t.Helper()
	got := tg.ask(t, http.MethodPost, "/login", "{}", "Answer: Set-Cookie: session="+token+"; HttpOnly", "Answer: X-Token: "+token).Header
	cookie := got.Get("Set-Cookie")
	splits := len(got["Set-Cookie"]) != 1 || len(got["X-Token"]) != 1 || strings.Contains(cookie, "evil") ||
		got.Get("X-Token") == token || !strings.HasSuffix(cookie, "; HttpOnly")
	if splits {
		t.Errorf("the header is %q, want one line of each", got)
	}
	return either(splits, "SPLITS", "one line each, base64url")
}
