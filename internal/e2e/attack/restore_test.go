package attack_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A restoreRow is a token that a client sends and that must not be restored: the
// backend must get it unchanged.
type restoreRow struct{ sends, token string }

var (
	restoring = kind{"restore", "D2, D3"}
	flipping  = kind{"restore", "D3"}
)

// captured holds what an attacker has: enriched tokens and their parts.
type captured struct {
	issuers
	original, enriched   string
	header, claims, rest string   // the enriched token's, decoded; rest is the claims without the record
	parts                []string // the enriched token's header, claims and signature
	kid, record          string   // the kid in the header, and the claim tgr
	mallorys             []string // the parts of another user's enriched token
	mallorysRecord       string
	otherRing            string // a token that another sidecar enriched
	jwks                 string // the JWK Set that the sidecar publishes
}

func restoreRows(have captured) []restoreRow {
	parts, mallorys := have.parts, have.mallorys
	original := strings.Split(have.original, ".")
	ourSignature := bytesOf(decode(parts[2]))
	rest := strings.TrimSuffix(have.rest, "}")
	recorded := func(value string) string { return rest + `,"tgr":` + value + `}` }
	keeping := func(header, claims string) string { return forge(header, claims, ourSignature) }
	record := strconv.Quote(have.record)
	return []restoreRow{
		{"the claim and the record removed, our signature kept", parts[0] + "." + original[1] + "." + parts[2]},
		{"the original's header and claims, our signature", original[0] + "." + original[1] + "." + parts[2]},
		{"the record removed", keeping(have.header, have.rest)},
		{"the claim removed, the record kept", keeping(have.header, strings.TrimSuffix(decode(original[1]), "}")+`,"tgr":`+record+`}`)},
		{"the record of another user", keeping(have.header, recorded(strconv.Quote(have.mallorysRecord)))},
		{"the record and the signature of another user", enrichtest.EncodeSegment(have.header) + "." + enrichtest.EncodeSegment(recorded(strconv.Quote(have.mallorysRecord))) + "." + mallorys[2]},
		{"another user's claims with the attacker's record", keeping(have.header, strings.Replace(have.claims, anna, mallory, 1))},
		{"another user's claims and record with the attacker's signature", mallorys[0] + "." + mallorys[1] + "." + parts[2]},
		{"another token's signature", parts[0] + "." + parts[1] + "." + mallorys[2]},
		{"a changed header", keeping(strings.Replace(have.header, "{", `{"x":1,`, 1), have.claims)},
		{"a changed claim", keeping(have.header, strings.Replace(have.claims, "hush of anna", "hush of ANNA", 1))},
		{"alg none with the record", forge(`{"alg":"none","kid":"`+have.kid+`"}`, have.claims, bytesOf(""))},
		{"HS256 with our JWK Set as the secret", forge(`{"alg":"HS256","kid":"`+have.kid+`"}`, have.claims, hmacWith([]byte(have.jwks)))},
		{"our kid and the record, signed with the attacker's key", have.mallory.TokenWithHeader(have.header, have.claims)},
		{"the record, signed with the backend's key", have.ec.TokenWithHeader(`{"alg":"ES256","kid":"key-ES256"}`, have.claims)},
		{"a record of 40 KB", keeping(have.header, recorded(strconv.Quote("Ag"+strings.Repeat("A", 40<<10))))},
		{"a record in an array", keeping(have.header, recorded("["+record+"]"))},
		{"the record as the first claim", keeping(have.header, `{"tgr":`+record+`,`+rest[1:]+`}`)},
		{"the record as the header parameter of format 1", keeping(strings.TrimSuffix(have.header, "}")+`,"tgr":`+record+`}`, have.rest)},
		{"the record in both places", keeping(strings.TrimSuffix(have.header, "}")+`,"tgr":`+record+`}`, have.claims)},
		{"the record with the version of format 1, in the header", keeping(strings.TrimSuffix(have.header, "}")+`,"tgr":"AQ`+have.record[2:]+`"}`, have.rest)},
		{"r = s = 0 as our signature", parts[0] + "." + parts[1] + "." + enrichtest.EncodeSegment(strings.Repeat("\x00", 64))},
		{"another base64url spelling of our signature", have.enriched[:len(have.enriched)-1] + string(nextLetter(have.enriched[len(have.enriched)-1]))},
		{"an enriched token of another ring", have.otherRing},
	}
}

// attackRestore checks that only a complete enriched token is restored, so that an
// attacker cannot get an original by changing a token.
func (s *suite) attackRestore(t *testing.T) {
	issuers := newIssuers(t)
	backend := startBackend(t, issuers.ec)
	tg := s.start(t, usual(backend.URL), "["+annas+","+mallorys+"]")
	other := s.start(t, usual(backend.URL), "["+annas+"]")
	have := capture(t, tg, other, issuers)
	for _, row := range restoreRows(have) {
		s.run(t, restoring, row.sends, func(t *testing.T) (happens string) {
			got := tg.atBackend(t, row.token)
			if got != row.token {
				t.Errorf("%s: the backend got %s, want it unchanged", row.token, got)
			}
			return happensTo(got == row.token)
		})
	}
	s.run(t, flipping, fmt.Sprintf("an enriched token with one of its %d bytes changed, for each byte", len(have.enriched)), func(t *testing.T) (happens string) {
		return tg.flipEveryByte(t, have)
	})
	s.attackFormat1(t, backend)
}

// attackFormat1 attacks a token that a version before format 2 enriched: the record is a
// parameter of its header, without additional data.
func (s *suite) attackFormat1(t *testing.T, backend *e2e.Backend) {
	key, original, enriched := format1Token(t)
	tg := s.start(t, usual(backend.URL), "["+annas+"]")
	tg.Write(t, "keys/format1.pem", key)
	e2e.Eventually(t, "the sidecar restores a token of format 1", func() bool { return tg.atBackend(t, enriched) == original })
	parts := strings.Split(enriched, ".")
	originals := strings.Split(original, ".")
	header, claims := decode(parts[0]), decode(parts[1])
	for sends, token := range map[string]string{
		"a token of format 1 with the claim removed":   parts[0] + "." + originals[1] + "." + parts[2],
		"a token of format 1 with another claim":       parts[0] + "." + enrichtest.EncodeSegment(strings.Replace(claims, "u1", "u2", 1)) + "." + parts[2],
		"a token of format 1 with a changed header":    enrichtest.EncodeSegment(strings.Replace(header, "{", `{"x":1,`, 1)) + "." + parts[1] + "." + parts[2],
		"a token of format 1 with a changed record":    enrichtest.EncodeSegment(header[:len(header)-3]+string(nextLetter(header[len(header)-3]))+header[len(header)-2:]) + "." + parts[1] + "." + parts[2],
		"a token of format 1 with a changed signature": parts[0] + "." + parts[1] + "." + string(nextLetter(parts[2][0])) + parts[2][1:],
		"a token of format 1 without the record":       enrichtest.EncodeSegment(header[:strings.Index(header, `,"tgr"`)]+"}") + "." + parts[1] + "." + parts[2],
	} {
		s.run(t, restoring, sends, func(t *testing.T) (happens string) {
			got := tg.atBackend(t, token)
			if got != token {
				t.Errorf("%s: the backend got %s, want it unchanged", token, got)
			}
			return happensTo(got == token)
		})
	}
}

// format1Token returns an ES256 token that a version before format 2 enriched, its
// original, and the file of the key that signed it.
func format1Token(t *testing.T) (key, original, enriched string) {
	t.Helper()
	text, err := os.ReadFile("../../../enrich/testdata/format1.json")
	if err != nil {
		t.Fatal(err)
	}
	var tokens []struct{ Name, Key, Original, Enriched string }
	if err := json.Unmarshal(text, &tokens); err != nil {
		t.Fatal(err)
	}
	for _, token := range tokens {
		if token.Name == "ES256" {
			return token.Key, token.Original, token.Enriched
		}
	}
	t.Fatal("testdata/format1.json has no token named ES256")
	return "", "", ""
}

// capture logs in and checks that an enriched token is restored. Otherwise the rows
// would prove nothing.
func capture(t *testing.T, tg, other *target, issuers issuers) captured {
	t.Helper()
	have := captured{issuers: issuers, original: issuers.ec.Token(claimsOf(quoted(anna), ""))}
	have.enriched = tg.issue(t, have.original)
	if got := tg.atBackend(t, have.enriched); got != have.original {
		t.Fatalf("an enriched token: the backend got %s, want its original %s", got, have.original)
	}
	have.header, have.claims = enrichtest.DecodeToken(t, have.enriched)
	have.parts = strings.Split(have.enriched, ".")
	var header struct{ Kid string }
	have.rest, have.record = enrichtest.CutRecord(have.claims)
	if err := json.Unmarshal([]byte(have.header), &header); err != nil || header.Kid == "" || have.record == "" {
		t.Fatalf("an enriched token has the header %s and the claims %s, want a kid and a record", have.header, have.claims)
	}
	have.kid = header.Kid
	have.mallorys = strings.Split(tg.issue(t, issuers.ec.Token(claimsOf(quoted(mallory), ""))), ".")
	_, have.mallorysRecord = enrichtest.CutRecord(decode(have.mallorys[1]))
	have.otherRing = other.issue(t, have.original)
	have.jwks = tg.ask(t, http.MethodGet, "/.well-known/jwks.json", "").Body
	return have
}

func happensTo(same bool) string { return either(same, "is forwarded unchanged", "IS CHANGED") }

// atBackend sends a bearer token and returns the one that the backend gets.
func (tg *target) atBackend(t *testing.T, token string) string {
	t.Helper()
	wire := tg.ask(t, http.MethodGet, "/wire", "", "Authorization: Bearer "+token).Body
	_, rest, _ := strings.Cut(wire, "Authorization: Bearer ")
	got, _, _ := strings.Cut(rest, "\r\n")
	return got
}

// flipEveryByte changes each byte of an enriched token, one at a time, and checks that
// the backend gets the changed token.
func (tg *target) flipEveryByte(t *testing.T, have captured) (happens string) {
	changed := 0
	for i, was := range []byte(have.enriched) {
		letter := byte('A') // replaces a dot
		if was != '.' {
			letter = nextLetter(was)
		}
		tampered := have.enriched[:i] + string(letter) + have.enriched[i+1:]
		if got := tg.atBackend(t, tampered); got != tampered {
			changed++
			t.Errorf("with byte %d changed: the backend got %s, want %s", i, got, tampered)
		}
		if i%100 == 0 {
			if got := tg.atBackend(t, have.enriched); got != have.original {
				t.Errorf("unchanged, after byte %d: the backend got %s, want the original", i, got)
			}
		}
	}
	return fmt.Sprintf("%d of them are restored; the unchanged token is restored", changed)
}
