package enrich_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// fuzzed returns two fixtures that restore: one that keeps the header, and one that
// makes it name our key. Every user has a document.
func fuzzed(f *testing.F) map[string]fixture {
	sameDocument := func(enrich.Query) (enrich.Document, error) {
		return enrich.Document{JSON: []byte(`{"lang":"en","n":1.0}`)}, nil
	}
	fixtures := map[string]fixture{}
	for _, algorithm := range []string{"HS256", "EdDSA"} {
		fixtures[algorithm] = newFixture(f, algorithm, func(_ *keys.Options, o *enrich.Options) {
			o.Source, o.Restore = sourceFunc(sameDocument), enrich.RestoreOn
			o.Freshness, o.ReadAt, o.UserID = "freshness", "read_at", "sub"
			o.MaxSize = 1 << 20
		})
	}
	return fixtures
}

// copied has the form of a record that the backend copied from an enriched token.
var copied = enrichtest.EncodeSegment("\x02" + strings.Repeat("r", 60))

// FuzzRestore checks that an enriched token restores to the original, byte for byte,
// and that only our claims differ in its payload (laws A3 and D1).
func FuzzRestore(f *testing.F) {
	header := `{"alg":"EdDSA","kid":"key-EdDSA"}`
	for _, payload := range []string{
		`{"sub":"u1"}`,
		"\n{ \"sub\" : \"u1\" ,\t\"custom_data\" : { \"old\" : [ ] } } \r\n",
		`{"custom\u005fdata":null,"sub":"u1","read_at":0,"freshness":[]}`,
		`{"\u0073ub":"\ud83d\ude00","é":"ü<&>","n":9007199254740993,"f":1.0e+00}`,
		`{}`,
		`{"custom_data":1,"sub":"u1","tgr":"` + copied + `","freshness":"fresh"}`,
		`{"tgr":["` + copied + `"],"tgr2":"` + copied + `"}`,
	} {
		f.Add(header, payload)
		f.Add(`{"alg":"HS256","tgr":"taken"}`, payload)
		f.Add("{\"x5c\":[1],\"jku\":\"\",\r\n\"alg\":\"EdDSA\",\"\\u006bid\":\"key-EdDSA\",\"x5t#S256\":0, \"typ\":\"at+jwt\"}\t", payload)
	}
	fixtures := fuzzed(f)
	f.Fuzz(func(t *testing.T, header, payload string) {
		for algorithm, fixture := range fixtures {
			original := fixture.issuer.TokenWithHeader(header, payload)
			issued := enrich.Issued{Raw: original, Kind: enrich.Access, Budget: 1 << 20}
			got := fixture.Enrich(t.Context(), enrich.Grant{Tokens: []enrich.Issued{issued}})[0]
			if got.Raw == original {
				continue // not verified
			}
			if len(got.Raw) > enrich.MaxToken {
				continue // larger than any budget
			}
			restored, ok := fixture.Restore(got.Raw)
			if !ok || restored != original {
				t.Errorf("%s: restored %v to %q, want %q", algorithm, ok, restored, original)
			}
			checkClaims(t, original, got.Raw)
		}
	})
}

// checkClaims compares the claims of two tokens, except for ours.
func checkClaims(t *testing.T, original, enriched string) {
	t.Helper()
	claims := func(raw string) string {
		token, err := enrich.ParseToken(raw)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for name, value := range token.Claims() {
			switch name {
			case "custom_data", "freshness", "read_at", "tgr":
			default:
				text.WriteString(name + "=" + string(value) + "\n")
			}
		}
		return text.String()
	}
	if got, want := claims(enriched), claims(original); got != want {
		t.Errorf("claims %s, want %s", got, want)
	}
}

// FuzzParseToken checks that ParseToken accepts only one spelling of a token (law B5).
func FuzzParseToken(f *testing.F) {
	for _, header := range []string{`{"alg":"EdDSA"}`, "\n {\"kid\":\"k\",\"alg\":\"\"}", `{"alg":"x","crit":[]}`, `{"alg":1}`, `{`} {
		token := enrichtest.EncodeSegment(header) + "." + enrichtest.EncodeSegment(`{"sub":"u1"}`) + "." + enrichtest.EncodeSegment("signature")
		f.Add(token)
		f.Add(token + "=")
		f.Add(token + "\n")
		f.Add(token[:len(token)-1] + "_")
	}
	f.Add("v4.public.abcdef")
	f.Add("..")
	f.Fuzz(func(t *testing.T, raw string) {
		token, err := enrich.ParseToken(raw)
		if err != nil {
			return
		}
		parts := strings.Split(raw, ".")
		if len(parts) != 3 {
			t.Fatalf("accepted a token of %d parts: %q", len(parts), raw)
		}
		for _, part := range parts {
			decoded, err := base64.RawURLEncoding.DecodeString(part)
			if err != nil || base64.RawURLEncoding.EncodeToString(decoded) != part {
				t.Errorf("accepted the spelling %q (%v)", part, err)
			}
		}
		if got := enrichtest.EncodeSegment(string(token.Header())); got != parts[0] {
			t.Errorf("header %q, want %q", got, parts[0])
		}
		if got := enrichtest.EncodeSegment(string(token.Signature)); token.SigningInput != parts[0]+"."+parts[1] || got != parts[2] {
			t.Errorf("signing input %q, signature %q, want %q", token.SigningInput, got, parts)
		}
	})
}

// FuzzTampered checks that an enriched token is not restored after any byte was
// changed, removed or added (law D3).
func FuzzTampered(f *testing.F) {
	fixtures := fuzzed(f)
	var enriched []string
	for _, algorithm := range []string{"HS256", "EdDSA"} {
		fixture := fixtures[algorithm]
		enriched = append(enriched, fixture.enrichOne(f, fixture.issuer.Token(claimsOf(`,"custom_data":1`))).Raw)
	}
	f.Add(uint(0), uint(1), "A")
	f.Add(uint(400), uint(0), "A")
	f.Add(uint(1<<31), uint(1), "")
	f.Add(uint(60), uint(60), "\n")
	f.Fuzz(func(t *testing.T, at, length uint, with string) {
		for _, token := range enriched {
			start := at % uint(len(token)+1)
			end := start + length%(uint(len(token))-start+1)
			tampered := token[:start] + with + token[end:]
			if tampered == token {
				continue
			}
			for algorithm, fixture := range fixtures {
				if original, ok := fixture.Restore(tampered); ok {
					t.Errorf("%s: restored %q from %q, a changed form of %q; want it refused", algorithm, original, tampered, token)
				}
			}
		}
	})
}

func TestRestore_RefusesAnyChangedByte(t *testing.T) {
	for _, algorithm := range []string{"HS256", "EdDSA", "ES256", "RS256"} {
		t.Run(algorithm, func(t *testing.T) {
			f := newFixture(t, algorithm, func(_ *keys.Options, o *enrich.Options) { o.Restore = enrich.RestoreOn })
			token := f.issuer.Token(claimsOf(""))
			enriched := f.enrichOne(t, token).Raw
			if original, ok := f.Restore(enriched); !ok || original != token {
				t.Fatalf("restored %v to %s, want %s", ok, original, token)
			}
			for i := range enriched {
				for _, c := range []byte{'A', '_', '.', '\n', enriched[i] ^ 1, enriched[i] ^ 32} {
					if tampered := enriched[:i] + string(c) + enriched[i+1:]; tampered != enriched {
						if original, ok := f.Restore(tampered); ok {
							t.Errorf("byte %d changed to %q: restored to %s, want it refused", i, c, original)
						}
					}
				}
			}
		})
	}
}

// Law D2: the original's signature is sealed. A client that could read it could rebuild
// the original, which does not have the claim.
func TestRestore_SealHidesTheOriginalsSignature(t *testing.T) {
	for _, algorithm := range []string{"HS256", "EdDSA", "ES256", "RS256"} {
		t.Run(algorithm, func(t *testing.T) {
			f := newFixture(t, algorithm, func(_ *keys.Options, o *enrich.Options) { o.Restore = enrich.RestoreOn })
			token := f.issuer.Token(claimsOf(""))
			original, err := enrich.ParseToken(token)
			if err != nil {
				t.Fatal(err)
			}
			header, claims := enrichtest.DecodeToken(t, f.enrichOne(t, token).Raw)
			_, record := enrichtest.CutRecord(claims)
			sealed, err := base64.RawURLEncoding.DecodeString(record)
			if err != nil || len(sealed) < len(original.Signature) {
				t.Fatalf("claims %s have a record of %d bytes (%v), want one with the sealed signature", claims, len(sealed), err)
			}
			for _, part := range []string{string(sealed), header, claims} {
				if strings.Contains(part, string(original.Signature[:16])) || strings.Contains(part, token[len(token)-20:]) {
					t.Errorf("the enriched token contains the original's signature in %q, want it sealed", part)
				}
			}
		})
	}
}
