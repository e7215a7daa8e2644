package attack_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A documentRow has the members that a user wrote into a document. They must stay
// within the claim.
type documentRow struct{ sends, members string }

var documentRows = []documentRow{
	{"the members sub, scope, exp, iss, aud, roles", `"sub":"hush-anna","scope":"admin","exp":99999999999,"iss":"evil","aud":"*","roles":["admin"]`},
	{"__proto__ and constructor", `"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}`},
	{`the value ","role":"admin`, `"name":"\",\"role\":\"admin","n2":"\"},\"role\":\"admin\",\"x\":{\"y\":\""`},
	{`the member name x":1},"role":"admin`, `"x\":1},\"role\":\"admin":"","quote\"\\":1`},
	{"line breaks and markup", splitting},
	{"a member with the name of the claim", `"custom_data":{"custom_data":{}},"tgr":"x","alg":"none"`},
	{"Extended JSON", `"when":{"$date":"2020-01-01T00:00:00Z"},"code":{"$code":"function(){}"},"n":{"$numberDouble":"NaN"}`},
	{"90 nested objects", `"x":` + strings.Repeat(`{"x":`, 90) + "1" + strings.Repeat("}", 90)},
}

const splitting = `"name":"a\r\nSet-Cookie: session=evil\r\n\r\n<script>alert(1)</script>\u2028\u0000"`

var (
	hostileDocument   = kind{"hostile document", "H1, A3"}
	responseSplitting = kind{"response splitting", "A2"}
	largeDocument     = kind{"large document", "H3"}
	forgedClaim       = kind{"forged claim", "H2"}
	privilegedName    = kind{"privileged claim name", "H1"}
)

// attackWithDocuments checks that a document stays within the claim, whatever a user
// writes into it.
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
	tg.checkPasses(t, tokenRow{largeDocument, "a document of 20 KB", issuer.Token(claimsOf(`"hush-large"`, "")), "too_large"})
	s.run(t, forgedClaim, "an original that already has the claim", func(t *testing.T) (happens string) {
		_, claims := enrichtest.DecodeToken(t, tg.issue(t, issuer.Token(claimsOf(quoted(anna), `,"custom_data":{"role":"admin"}`))))
		replaced := strings.Count(claims, `"custom_data"`) == 1 && !strings.Contains(claims, `"role":"admin"`)
		if !replaced {
			t.Errorf("got claims %s, want the claim replaced with the document", claims)
		}
		return either(replaced, "the claim is replaced with the document", "THE CLAIM STAYS")
	})
	s.attackByName(t)
}

// privilegedNames are names of the claim with which users who can write their own
// document would grant themselves access.
var privilegedNames = []string{"role", "IS_ADMIN", "authorities", "app_metadata", "cognito:groups", "https://example.com/roles", "https://hasura.io/jwt/claims", "tenantAdmin"}

// attackByName checks that the sidecar refuses such a name.
func (s *suite) attackByName(t *testing.T) {
	for _, name := range privilegedNames {
		s.run(t, privilegedName, "a document as the claim "+name, func(t *testing.T) (happens string) {
			path := filepath.Join(t.TempDir(), e2e.File)
			text := "listen: 127.0.0.1:0\n" + usual("http://127.0.0.1:1") + fmt.Sprintf("claim: {name: %q}\n", name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			code, _, stderr := e2e.Run(t, "check", "-c", path)
			if code != 2 || !strings.Contains(stderr, "claim.allow_privileged_name") {
				t.Errorf("check: got exit code %d and %s; want 2 and the setting that allows the name", code, stderr)
			}
			return either(code == 2, "the configuration is refused", "ACCEPTED")
		})
	}
}

// checkWithinClaim checks that enriching a token adds the claim and changes nothing
// else, and that the token is restored.
func (tg *target) checkWithinClaim(t *testing.T, original string) (happens string) {
	t.Helper()
	enriched := tg.issue(t, original)
	_, before := enrichtest.DecodeToken(t, original)
	_, after := enrichtest.DecodeToken(t, enriched)
	within := strings.HasPrefix(after, strings.TrimSuffix(before, "}")+`,"custom_data":{`) && strings.Join(topLevel(t, after), " ") == "iss aud sub iat exp role custom_data tgr"
	restored := tg.atBackend(t, enriched)
	if !within || restored != original {
		t.Errorf("claims %s: got %s, want one more member and the sealed claim; the backend got %s, want %s", before, after, restored, original)
	}
	return either(within && restored == original, "stays within the claim; the token is restored", "GETS OUT OF THE CLAIM")
}

// topLevel returns the names of an object's members in order.
func topLevel(t *testing.T, object string) (names []string) {
	t.Helper()
	var members bson.D
	if err := bson.UnmarshalExtJSON([]byte(object), false, &members); err != nil {
		t.Fatalf("claims %s are not JSON: %v", object, err)
	}
	for _, member := range members {
		names = append(names, member.Key)
	}
	return names
}

// checkHeaderLines checks that an enriched token in a cookie and in a header does not
// add lines.
func (tg *target) checkHeaderLines(t *testing.T, token string) (happens string) {
	t.Helper()
	got := tg.ask(t, http.MethodPost, "/login", "{}", "Answer: Set-Cookie: session="+token+"; HttpOnly", "Answer: X-Token: "+token).Header
	cookie := got.Get("Set-Cookie")
	splits := len(got["Set-Cookie"]) != 1 || len(got["X-Token"]) != 1 || strings.Contains(cookie, "evil") ||
		got.Get("X-Token") == token || !strings.HasSuffix(cookie, "; HttpOnly")
	if splits {
		t.Errorf("got header %q, want one X-Token line and one Set-Cookie line, both enriched", got)
	}
	return either(splits, "THE RESPONSE IS SPLIT", "one line each, in base64url")
}
