package enrich_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// Law E5: shadow signs nothing, but returns the sizes and reasons of signed tokens.
func TestShadow_MeasuresAndSignsNothing(t *testing.T) {
	for _, algorithm := range []string{"HS256", "HS384", "HS512", "RS256", "PS512", "ES256", "ES384", "ES512", "EdDSA"} {
		t.Run(algorithm, func(t *testing.T) {
			f := newFixture(t, algorithm, func(_ *keys.Options, o *enrich.Options) {
				o.Restore, o.Kinds = enrich.RestoreOn, []enrich.Kind{enrich.Access, enrich.ID}
			})
			g := grant(f.issuer.Token(claimsOf("")), f.issuer.Token(claimsOf(`,"nonce":"n"`)))
			live := f.Enrich(t.Context(), g)
			g.Shadow = true
			for i, shadow := range f.Enrich(t.Context(), g) {
				if shadow.Reason != live[i].Reason || len(shadow.Raw) != len(live[i].Raw) || shadow.Raw == g.Tokens[i].Raw {
					t.Errorf("shadow has the reason %q and %d bytes, want those of the signed token, %q and %d", shadow.Reason, len(shadow.Raw), live[i].Reason, len(live[i].Raw))
				}
				if signature := shadow.Raw[strings.LastIndex(shadow.Raw, ".")+1:]; strings.Trim(signature, "A") != "" {
					t.Errorf("shadow has the signature %s, want zeros", signature)
				}
				if _, ok := f.Restore(shadow.Raw); ok {
					t.Error("the shadow token restores, so its signature verifies; want it not to")
				}
			}
			if !slices.ContainsFunc(live, func(o enrich.Outcome) bool { return o.Reason == enrich.OK }) {
				t.Errorf("signed tokens %+v, want at least one enriched", live)
			}
		})
	}
}
