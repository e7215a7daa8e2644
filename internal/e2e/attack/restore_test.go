package attack_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// A restoreRow is a token that a client sends and that must not be restored: the
// backend must get it unchanged.
type restoreRow struct{ sends, token string }

var (
	restoring    = kind{"restore", "D2, D3"}
	flipping     = kind{"restore", "D3"}
	restoreFlood = kind{"restore flood", "B4"}
)

// captured holds what an attacker has: enriched tokens and their parts.
type captured struct {
	issuers
	original, enriched string
	header, claims     string   // the enriched token's, decoded
	parts              []string // the enriched token's header, claims and signature
	kid, sealed        string   // parameters of the enriched token's header
	mallorys           []string // the parts of another user's enriched token
	otherRing          string   // a token that another sidecar enriched
	jwks               string   // the JWK Set that the sidecar publishes
}

func restoreRows(have captured) []restoreRow {
	parts, mallorys := have.parts, have.mallorys
	original := strings.Split(have.original, ".")
	ourSignature := bytesOf(decode(parts[2]))
	header := func(more string) string { return `{"alg":"ES256","kid":"` + have.kid + `"` + more + `}` }
	sealed := `,"tgr":"` + have.sealed + `"`
	return []restoreRow{
		{"the claim removed, our signature kept", parts[0] + "." + original[1] + "." + parts[2]},
		{"the original's header and claims, our signature", original[0] + "." + original[1] + "." + parts[2]},
		{"another token's header and sealed parameter", mallorys[0] + "." + parts[1] + "." + parts[2]},
		{"another token's header and signature", mallorys[0] + "." + parts[1] + "." + mallorys[2]},
		{"another user's claims with the attacker's header", parts[0] + "." + mallorys[1] + "." + parts[2]},
		{"alg none with the sealed parameter", forge(`{"alg":"none","kid":"`+have.kid+`"`+sealed+`}`, have.claims, bytesOf(""))},
		{"HS256 with our JWK Set as the secret", forge(`{"alg":"HS256","kid":"`+have.kid+`"`+sealed+`}`, have.claims, hmacWith([]byte(have.jwks)))},
		{"our kid and the sealed parameter, signed with the attacker's key", have.mallory.TokenWithHeader(have.header, have.claims)},
		{"the sealed parameter, signed with the backend's key", have.ec.TokenWithHeader(`{"alg":"ES256","kid":"key-ES256"`+sealed+`}`, have.claims)},
		{"no sealed parameter", forge(header(""), have.claims, ourSignature)},
		{"a sealed parameter of 40 KB", forge(header(`,"tgr":"`+strings.Repeat("A", 40<<10)+`"`), have.claims, ourSignature)},
		{"a sealed parameter that is an array", forge(header(`,"tgr":["`+have.sealed+`"]`), have.claims, ourSignature)},
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
	form, n := formOfTokens(have.kid)
	s.run(t, restoreFlood, fmt.Sprintf("a form of %d forged tokens", n), func(t *testing.T) (happens string) {
		start := time.Now()
		got := tg.ask(t, http.MethodPost, "/revoke", form, "Content-Type: application/x-www-form-urlencoded").Body
		took := time.Since(start)
		if got != form || took > 10*time.Second {
			t.Errorf("a form of forged tokens: forwarded unchanged: %t after %v, want true after at most 10s", got == form, took)
		}
		return happensTo(got == form) + ", in " + took.Round(10*time.Millisecond).String()
	})
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
	var header struct{ Kid, Tgr string }
	if err := json.Unmarshal([]byte(have.header), &header); err != nil || header.Tgr == "" {
		t.Fatalf("the header of an enriched token is %s, want a tgr in it", have.header)
	}
	have.kid, have.sealed = header.Kid, header.Tgr
	have.mallorys = strings.Split(tg.issue(t, issuers.ec.Token(claimsOf(quoted(mallory), ""))), ".")
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

// formOfTokens returns a form full of forged tokens. Each could be an enriched one, so
// each would cost the check of a signature.
func formOfTokens(kid string) (form string, n int) {
	var text strings.Builder
	for ; text.Len() < 900<<10; n++ {
		if n > 0 {
			text.WriteByte('&')
		}
		text.WriteString("token=" + forge(`{"alg":"ES256","kid":"`+kid+`","tgr":""}`, fmt.Sprintf(`{"n":%d}`, n), bytesOf(strings.Repeat("\x01", 64))))
	}
	return text.String(), n
}
