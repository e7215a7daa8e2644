package enrich_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// A countingRing counts the signatures that its keys check for Restore.
type countingRing struct {
	enrich.Ring
	checked int
}

func (r *countingRing) RestoreKeys(algorithm, keyID string) (counting []enrich.Key) {
	for _, key := range r.Ring.RestoreKeys(algorithm, keyID) {
		counting = append(counting, countingKey{key, r})
	}
	return counting
}

type countingKey struct {
	enrich.Key
	ring *countingRing
}

func (k countingKey) Verify(input string, signature []byte) error {
	k.ring.checked++
	return k.Key.Verify(input, signature)
}

// sealedTokens are the enriched tokens of two users, who have the same document.
type sealedTokens struct {
	*enrich.Enricher
	ring       *countingRing
	anna, bert string
	issuer     *enrichtest.Issuer
}

func newSealedTokens(t *testing.T, algorithm string) sealedTokens {
	s := sealedTokens{ring: &countingRing{}}
	f := newFixture(t, algorithm, func(_ *keys.Options, o *enrich.Options) {
		o.Restore = enrich.RestoreOn
		o.Source = documents(map[string]string{"u1": `{"lang":"en"}`, "u2": `{"lang":"en"}`})
	})
	s.ring.Ring = f.ring
	options := enrich.Options{Ring: s.ring, Source: sourceFunc(func(enrich.Query) (enrich.Document, error) {
		return enrich.Document{}, enrich.ErrNoDocument
	})}
	var err error
	if s.Enricher, err = enrich.New(options); err != nil {
		t.Fatal(err)
	}
	s.issuer = f.issuer
	s.anna = f.enrichOne(t, f.issuer.Token(claimsOf(""))).Raw
	s.bert = f.enrichOne(t, f.issuer.Token(strings.Replace(claimsOf(""), "u1", "u2", 1))).Raw
	return s
}

// D2 and D3: a record restores only the token that it was made for, and a token is
// restored only if its signature is right too. B4: the signature of a token whose record
// does not open is not checked.
func TestRestore_OpensTheRecordBeforeItChecksTheSignature(t *testing.T) {
	for _, algorithm := range []string{"HS256", "EdDSA", "ES256", "ES512", "RS256"} {
		t.Run(algorithm, func(t *testing.T) {
			s := newSealedTokens(t, algorithm)
			header, claims := enrichtest.DecodeToken(t, s.anna)
			_, bertsClaims := enrichtest.DecodeToken(t, s.bert)
			rest, record := enrichtest.CutRecord(claims)
			_, bertsRecord := enrichtest.CutRecord(bertsClaims)
			signature := s.anna[strings.LastIndex(s.anna, ".")+1:]
			with := func(header, claims string) string {
				return enrichtest.EncodeSegment(header) + "." + enrichtest.EncodeSegment(claims) + "." + signature
			}
			recorded := func(record string) string { return strings.TrimSuffix(rest, "}") + `,"tgr":"` + record + `"}` }
			for _, tt := range []struct {
				name, token string
				checks      int
			}{
				{"another header", with(strings.Replace(header, "JWT", "JWS", 1), claims), 0},
				{"white space in the header", with(header+" ", claims), 0},
				{"a byte moved from the header to the claims", with(strings.TrimSuffix(header, "}"), "}"+claims), 0},
				{"another user", with(header, strings.Replace(claims, "u1", "u2", 1)), 0},
				{"another document", with(header, strings.Replace(claims, "en", "de", 1)), 0},
				{"no document", with(header, strings.Replace(claims, `,"custom_data":{"lang":"en"}`, "", 1)), 0},
				{"no record", with(header, rest), 0},
				{"the record of another user", with(header, recorded(bertsRecord)), 0},
				{"the record first", with(header, `{"tgr":"`+record+`",`+rest[1:]), 0},
				{"the record in an object", with(header, strings.TrimSuffix(rest, "}")+`,"x":{"tgr":"`+record+`"}}`), 0},
				{"white space around the record", with(header, strings.TrimSuffix(rest, "}")+`,"tgr": "`+record+`"}`), 0},
				{"an escape in the record", with(header, recorded(`\u0041`+record[1:])), 0},
				{"a cut record", with(header, recorded(record[:len(record)-4])), 0},
				{"a short record", with(header, recorded("Ag")), 0},
				{"an empty record", with(header, recorded("")), 0},
				{"a long record", with(header, recorded(record+strings.Repeat("A", 40<<10))), 0},
				{"random bytes as the record", with(header, recorded(enrichtest.EncodeSegment("\x02"+strings.Repeat("r", 100)))), 0},
				{"an unknown version", with(header, recorded(enrichtest.EncodeSegment("\x03")+record[2:])), 0},
				{"two records", with(header, strings.TrimSuffix(recorded(bertsRecord), "}")+`,"tgr":"`+record+`"}`), 0},
				{"another signature", s.anna[:strings.LastIndex(s.anna, ".")+1] + s.bert[strings.LastIndex(s.bert, ".")+1:], 1},
				{"the signature of nothing", s.anna[:strings.LastIndex(s.anna, ".")+1], 1},
			} {
				s.ring.checked = 0
				if original, ok := s.Restore(tt.token); ok || s.ring.checked != tt.checks {
					t.Errorf("%s: restored %t to %s after %d checks of a signature, want false after %d", tt.name, ok, original, s.ring.checked, tt.checks)
				}
			}
			s.ring.checked = 0
			if _, ok := s.Restore(s.anna); !ok || s.ring.checked != 1 {
				t.Errorf("unchanged: restored %t after %d checks of a signature, want true after 1", ok, s.ring.checked)
			}
		})
	}
}

// A signature of a key that signs for the backend, or of a secret that a client knows, is
// not enough: only the holder of our key can make a record.
func TestRestore_NeedsARecordOfOurKey(t *testing.T) {
	s := newSealedTokens(t, "HS256")
	_, claims := enrichtest.DecodeToken(t, s.anna)
	rest, record := enrichtest.CutRecord(claims)
	resigned := s.issuer.Token(strings.Replace(rest, "u1", "u2", 1)[:len(rest)-1] + `,"tgr":"` + record + `"}`)
	if original, ok := s.Restore(resigned); ok || s.ring.checked != 0 {
		t.Errorf("a signed token with a copied record: restored %t to %s after %d checks, want false after 0", ok, original, s.ring.checked)
	}
}

// D5: auto seals what our own keys and secrets sign, but not what the backend's private key
// signs.
func TestRestoreAuto_SealsWithOwnKeysAndSecrets(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "RS256")
	backendKey := func(k *keys.Options, _ *enrich.Options) {
		k.JWKS, k.Dir, k.BackendKey = "", "", filepath.Join(t.TempDir(), "backend.key")
		if err := os.WriteFile(k.BackendKey, issuer.PrivatePEM(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, algorithm string
		change          func(*keys.Options, *enrich.Options)
		seals           bool
	}{
		{"own key", "ES256", nil, true},
		{"secret", "HS512", nil, true},
		{"the backend's key", "RS256", backendKey, false},
	} {
		f := newFixture(t, tt.algorithm, tt.change)
		token := f.issuer.Token(claimsOf(""))
		got := f.enrichOne(t, token)
		if original, ok := f.Restore(got.Raw); got.Reason != enrich.OK || ok != tt.seals || ok && original != token {
			t.Errorf("%s: reason %s (%v), restored %t to %s; want ok, %t", tt.name, got.Reason, got.Err, ok, original, tt.seals)
		}
	}
}

// MayRestore finds every enriched token, wherever the claim is in a group of three bytes.
func TestMayRestore_IsTrueForEveryEnrichedToken(t *testing.T) {
	f := newFixture(t, "HS256", nil)
	for n := range 9 {
		original := f.issuer.Token(claimsOf(`,"pad":"` + strings.Repeat("x", n) + `"`))
		if f.MayRestore(original) {
			t.Errorf("MayRestore of the original %s = true, want false", original)
		}
		if enriched := f.enrichOne(t, original).Raw; !f.MayRestore(enriched) {
			t.Errorf("MayRestore of the enriched token %s = false, want true", enriched)
		}
	}
	if long := strings.Repeat("x", enrich.MaxToken) + f.enrichOne(t, f.issuer.Token(claimsOf(""))).Raw; f.MayRestore(long) {
		t.Error("MayRestore of a token over MaxToken = true, want false")
	}
	for _, token := range format1Tokens(t) {
		if !f.MayRestore(token.Enriched) {
			t.Errorf("MayRestore of %s in format 1 = false, want true", token.Name)
		}
	}
}

// A record has the original's signature, the changed parts of the header, and few other
// bytes.
func TestSeal_TakesFewBytes(t *testing.T) {
	for _, algorithm := range algorithms {
		f := newFixture(t, algorithm, func(_ *keys.Options, o *enrich.Options) { o.Restore = enrich.RestoreOn })
		token := f.issuer.Token(claimsOf(""))
		original, err := enrich.ParseToken(token)
		if err != nil {
			t.Fatal(err)
		}
		_, claims := enrichtest.DecodeToken(t, f.enrichOne(t, token).Raw)
		_, record := enrichtest.CutRecord(claims)
		size := base64.RawURLEncoding.DecodedLen(len(record))
		if most := len(original.Signature) + 48; record == "" || size > most {
			t.Errorf("%s: the record has %d bytes, want at most %d, for a signature of %d", algorithm, size, most, len(original.Signature))
		}
		t.Logf("%s: a record of %d bytes for a signature of %d", algorithm, size, len(original.Signature))
	}
}
