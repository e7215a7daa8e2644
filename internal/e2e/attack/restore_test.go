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

// attackRestore shows that nothing but an enriched token, whole, becomes its
// original at the backend, so that nobody gets at an original by tampering.
func attackRestore(t *testing.T, s *suite) {
	issuers := newIssuers(t)
	backend := startBackend(t, issuers.ec)
	v := s.start(t, usual(backend.URL), "["+annas+","+mallorys+"]")
	other := s.start(t, usual(backend.URL), "["+annas+"]")

	original := issuers.ec.Token(claimsOf(quoted(anna), ""))
	enriched := v.issue(t, original)
	if got := v.atBackend(t, enriched); got != original {
		t.Fatalf("an enriched token is no original again: else nothing is shown here: %s", got)
	}
	header, claims := enrichtest.Split(t, enriched)
	parts := strings.Split(enriched, ".")
	var members map[string]string
	if err := json.Unmarshal([]byte(header), &members); err != nil || members["tgr"] == "" {
		t.Fatalf("the header of an enriched token is %s", header)
	}
	kid, param := members["kid"], members["tgr"]
	bare := strings.Split(original, ".")[1]
	mallorysParts := strings.Split(v.issue(t, issuers.ec.Token(claimsOf(quoted(mallory), ""))), ".")
	ours := v.ask(t, http.MethodGet, "/.well-known/jwks.json", "").Body

	for _, attempt := range []struct{ sends, token string }{
		{"the claim stripped off, the signature left", parts[0] + "." + bare + "." + parts[2]},
		{"the original's header and claims, our signature", strings.Join(strings.Split(original, ".")[:2], ".") + "." + parts[2]},
		{"another token's header and sealed parameter", mallorysParts[0] + "." + parts[1] + "." + parts[2]},
		{"another token's header and signature", mallorysParts[0] + "." + parts[1] + "." + mallorysParts[2]},
		{"another's claims under my header", parts[0] + "." + mallorysParts[1] + "." + parts[2]},
		{"alg none with the sealed parameter", forge(`{"alg":"none","kid":"`+kid+`","tgr":"`+param+`"}`, claims, bytesOf(""))},
		{"HS256 with our JWK Set as secret", forge(`{"alg":"HS256","kid":"`+kid+`","tgr":"`+param+`"}`, claims, hmacWith([]byte(ours)))},
		{"our kid and the sealed parameter, the attacker's key", issuers.mallory.TokenWithHeader(header, claims)},
		{"the backend's key and the sealed parameter", issuers.ec.TokenWithHeader(`{"alg":"ES256","kid":"key-ES256","tgr":"`+param+`"}`, claims)},
		{"no sealed parameter", forge(`{"alg":"ES256","kid":"`+kid+`"}`, claims, bytesOf(decodeTest(parts[2])))},
		{"a sealed parameter of 40 KB", forge(`{"alg":"ES256","kid":"`+kid+`","tgr":"`+strings.Repeat("A", 40<<10)+`"}`, claims, bytesOf(decodeTest(parts[2])))},
		{"a sealed parameter that is an array", forge(`{"alg":"ES256","kid":"`+kid+`","tgr":["`+param+`"]}`, claims, bytesOf(decodeTest(parts[2])))},
		{"r = s = 0 as our signature", parts[0] + "." + parts[1] + "." + enrichtest.Encode(strings.Repeat("\x00", 64))},
		{"another spelling of our signature", enriched[:len(enriched)-1] + string(nextLetter(enriched[len(enriched)-1]))},
		{"an enriched token of another ring", other.issue(t, original)},
	} {
		got := v.atBackend(t, attempt.token)
		s.report(row{"restore", attempt.sends, happensTo(got == attempt.token), "D2, D3"})
		if got != attempt.token {
			t.Errorf("%s: the backend got %s", attempt.sends, got)
		}
	}
	v.attackEveryByte(t, s, enriched, original)
	v.attackWithManyTokens(t, s, kid)
}

func happensTo(same bool) string {
	if same {
		return "goes on as it came"
	}
	return "is changed on its way"
}

// atBackend returns the bearer token that the backend gets when the client sends
// this one.
func (v *target) atBackend(t *testing.T, token string) string {
	t.Helper()
	wire := v.ask(t, http.MethodGet, "/wire", "", "Authorization: Bearer "+token).Body
	_, rest, _ := strings.Cut(wire, "Authorization: Bearer ")
	got, _, _ := strings.Cut(rest, "\r\n")
	return got
}

// attackEveryByte flips a bit of each byte of an enriched token, one at a time.
func (v *target) attackEveryByte(t *testing.T, s *suite, enriched, original string) {
	changed := 0
	for i := range enriched {
		letter := byte('A') // in place of a dot
		if enriched[i] != '.' {
			letter = nextLetter(enriched[i])
		}
		tampered := enriched[:i] + string(letter) + enriched[i+1:]
		if got := v.atBackend(t, tampered); got != tampered {
			changed++
			t.Errorf("with byte %d flipped the backend got %s", i, got)
		}
		if i%100 == 0 && v.atBackend(t, enriched) != original {
			t.Errorf("flipped back at byte %d it is no original again", i)
		}
	}
	s.report(row{"restore", fmt.Sprintf("each of %d bytes flipped, and flipped back", len(enriched)), fmt.Sprintf("%d of the flipped were changed on their way; flipped back it is the original", changed), "D3"})
}

// attackWithManyTokens sends a form that is full of what could be enriched
// tokens, each of which would cost a signature to look into.
func (v *target) attackWithManyTokens(t *testing.T, s *suite, kid string) {
	var form strings.Builder
	for n := 0; form.Len() < 900<<10; n++ {
		if n > 0 {
			form.WriteByte('&')
		}
		form.WriteString("token=" + forge(`{"alg":"ES256","kid":"`+kid+`","tgr":""}`, fmt.Sprintf(`{"n":%d}`, n), bytesOf(strings.Repeat("\x01", 64))))
	}
	began := time.Now()
	res := v.ask(t, http.MethodPost, "/revoke", form.String(), "Content-Type: application/x-www-form-urlencoded")
	took := time.Since(began)
	s.report(row{"restore flood", fmt.Sprintf("a form of %d forged tokens", strings.Count(form.String(), "token=")), happensTo(res.Body == form.String()) + ", in " + took.Round(10*time.Millisecond).String(), "B4"})
	if res.Body != form.String() || took > 10*time.Second {
		t.Errorf("a form of forged tokens took %v and went on as it came: %t", took, res.Body == form.String())
	}
}
