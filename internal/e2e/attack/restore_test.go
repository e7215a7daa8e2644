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

// A restoreRow is a token that a client sends, and that the backend must get as
// it is.
type restoreRow struct{ sends, token string }

var (
	restoring    = kind{"restore", "D2, D3"}
	flipping     = kind{"restore", "D3"}
	restoreFlood = kind{"restore flood", "B4"}
)

// captured is what an attacker has: enriched tokens and their parts.
type captured struct {
	issuers
	original, enriched string
	header, claims     string   // of the enriched token
	parts              []string // of it: header, claims, signature
	kid, sealed        string   // parameters of its header
	mallorys           []string // parts of another user's
	otherRing          string   // another sidecar's
	jwks               string   // what the sidecar publishes
}

func restoreRows(have captured) []restoreRow {
	parts, mallorys := have.parts, have.mallorys
	original := strings.Split(have.original, ".")
	ourSignature := bytesOf(decode(parts[2]))
	header := func(more string) string { return `{"alg":"ES256","kid":"` + have.kid + `"` + more + `}` }
	sealed := `,"tgr":"` + have.sealed + `"`
	return []restoreRow{
		{"the claim stripped off, the signature left", parts[0] + "." + original[1] + "." + parts[2]},
		{"the original's header and claims, our signature", original[0] + "." + original[1] + "." + parts[2]},
		{"another token's header and sealed parameter", mallorys[0] + "." + parts[1] + "." + parts[2]},
		{"another token's header and signature", mallorys[0] + "." + parts[1] + "." + mallorys[2]},
		{"another's claims under my header", parts[0] + "." + mallorys[1] + "." + parts[2]},
		{"alg none with the sealed parameter", forge(`{"alg":"none","kid":"`+have.kid+`"`+sealed+`}`, have.claims, bytesOf(""))},
		{"HS256 with our JWK Set as secret", forge(`{"alg":"HS256","kid":"`+have.kid+`"`+sealed+`}`, have.claims, hmacWith([]byte(have.jwks)))},
		{"our kid and the sealed parameter, the attacker's key", have.mallory.TokenWithHeader(have.header, have.claims)},
		{"the backend's key and the sealed parameter", have.ec.TokenWithHeader(`{"alg":"ES256","kid":"key-ES256"`+sealed+`}`, have.claims)},
		{"no sealed parameter", forge(header(""), have.claims, ourSignature)},
		{"a sealed parameter of 40 KB", forge(header(`,"tgr":"`+strings.Repeat("A", 40<<10)+`"`), have.claims, ourSignature)},
		{"a sealed parameter that is an array", forge(header(`,"tgr":["`+have.sealed+`"]`), have.claims, ourSignature)},
		{"r = s = 0 as our signature", parts[0] + "." + parts[1] + "." + enrichtest.EncodeSegment(strings.Repeat("\x00", 64))},
		{"another spelling of our signature", have.enriched[:len(have.enriched)-1] + string(nextLetter(have.enriched[len(have.enriched)-1]))},
		{"an enriched token of another ring", have.otherRing},
	}
}

// attackRestore shows that nothing but an enriched token, whole, becomes its
// original at the backend, so that nobody gets an original by tampering.
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
				t.Errorf("%s: the backend got %s", row.token, got)
			}
			return happensTo(got == row.token)
		})
	}
	s.run(t, flipping, fmt.Sprintf("each of %d bytes flipped, and flipped back", len(have.enriched)), func(t *testing.T) (happens string) {
		return tg.flipEveryByte(t, have)
	})
	form, n := formOfTokens(have.kid)
	s.run(t, restoreFlood, fmt.Sprintf("a form of %d forged tokens", n), func(t *testing.T) (happens string) {
		began := time.Now()
		got := tg.ask(t, http.MethodPost, "/revoke", form, "Content-Type: application/x-www-form-urlencoded").Body
		took := time.Since(began)
		if got != form || took > 10*time.Second {
			t.Errorf("a form of forged tokens took %v, want at most 10s, and went on as it came: %t", took, got == form)
		}
		return happensTo(got == form) + ", in " + took.Round(10*time.Millisecond).String()
	})
}

// capture logs in, and shows that an enriched token becomes its original: else
// the rows show nothing.
func capture(t *testing.T, tg, other *target, issuers issuers) captured {
	t.Helper()
	have := captured{issuers: issuers, original: issuers.ec.Token(claimsOf(quoted(anna), ""))}
	have.enriched = tg.issue(t, have.original)
	if got := tg.atBackend(t, have.enriched); got != have.original {
		t.Fatalf("an enriched token becomes %s at the backend, want its original %s", got, have.original)
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

func happensTo(same bool) string { return either(same, "goes on as it came", "is changed on its way") }

// atBackend returns the bearer token that the backend gets when the client sends
// this one.
func (tg *target) atBackend(t *testing.T, token string) string {
	t.Helper()
	wire := tg.ask(t, http.MethodGet, "/wire", "", "Authorization: Bearer "+token).Body
	_, rest, _ := strings.Cut(wire, "Authorization: Bearer ")
	got, _, _ := strings.Cut(rest, "\r\n")
	return got
}

// flipEveryByte flips a bit of each byte of an enriched token, one at a time.
func (tg *target) flipEveryByte(t *testing.T, have captured) (happens string) {
	changed := 0
	for i, was := range []byte(have.enriched) {
		letter := byte('A') // in place of a dot
		if was != '.' {
			letter = nextLetter(was)
		}
		tampered := have.enriched[:i] + string(letter) + have.enriched[i+1:]
		if got := tg.atBackend(t, tampered); got != tampered {
			changed++
			t.Errorf("with byte %d flipped the backend got %s, want %s", i, got, tampered)
		}
		if i%100 == 0 {
			if got := tg.atBackend(t, have.enriched); got != have.original {
				t.Errorf("flipped back at byte %d the backend got %s, want the original", i, got)
			}
		}
	}
	return fmt.Sprintf("%d of the flipped were changed on their way; flipped back it is the original", changed)
}

// formOfTokens returns a form that is full of what could be enriched tokens, each
// of which would cost a signature to look into.
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
