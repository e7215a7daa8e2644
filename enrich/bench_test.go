package enrich_test

import (
	"encoding/base64"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// benchmarked has one algorithm of each family.
var benchmarked = []string{"HS256", "EdDSA", "ES256", "RS256"}

// forEachAlgorithm benchmarks each algorithm, with a fixture that restores and a token
// of the usual size. Its source answers at once, as a cache hit does.
func forEachAlgorithm(b *testing.B, bench func(b *testing.B, f fixture, token string)) {
	for _, algorithm := range benchmarked {
		b.Run(algorithm, func(b *testing.B) {
			f := newFixture(b, algorithm, func(_ *keys.Options, o *enrich.Options) { o.Restore = enrich.RestoreOn })
			token := f.issuer.Token(claimsOf(`,"iss":"https://auth.example.com","aud":["app","api"],"jti":"d0849b7d-f5e0-4586-8ca1-224325530f21","scope":"openid profile offline_access"`))
			b.ReportAllocs()
			bench(b, f, token)
		})
	}
}

// BenchmarkEnrich measures a login whose document is in the cache.
func BenchmarkEnrich(b *testing.B) {
	forEachAlgorithm(b, func(b *testing.B, f fixture, token string) {
		g := grant(token, "")
		for b.Loop() {
			if got := f.Enrich(b.Context(), g)[0]; got.Reason != enrich.OK {
				b.Fatalf("reason %q (%v), want ok", got.Reason, got.Err)
			}
		}
	})
}

// BenchmarkRestore measures a request with an enriched token.
func BenchmarkRestore(b *testing.B) {
	forEachAlgorithm(b, func(b *testing.B, f fixture, token string) {
		enriched := f.enrichOne(b, token).Raw
		for b.Loop() {
			if original, ok := f.Restore(enriched); !ok || original != token {
				b.Fatalf("restored %v to %s, want %s", ok, original, token)
			}
		}
	})
}

// BenchmarkVerifySignFloor measures the signatures alone. The difference to
// BenchmarkEnrich is the time that our own code takes.
func BenchmarkVerifySignFloor(b *testing.B) {
	forEachAlgorithm(b, func(b *testing.B, f fixture, token string) {
		method := jwt.GetSigningMethod(f.issuer.Algorithm)
		parsed, err := enrich.ParseToken(token)
		if err != nil {
			b.Fatal(err)
		}
		signed := parsed.SigningInput + enrichtest.EncodeSegment(`,"custom_data":{"lang":"en"}`)
		for b.Loop() {
			if err := method.Verify(parsed.SigningInput, parsed.Signature, f.issuer.Public()); err != nil {
				b.Fatal(err)
			}
			signature, err := method.Sign(signed, f.issuer.Private)
			if err != nil {
				b.Fatal(err)
			}
			_ = base64.RawURLEncoding.EncodeToString(signature)
		}
	})
}
