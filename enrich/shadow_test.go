package enrich_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// E5: "sign nothing", and yet sizes and reasons are those of signed tokens.
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
					t.Errorf("%q with %d bytes, live %q with %d", shadow.Reason, len(shadow.Raw), live[i].Reason, len(live[i].Raw))
				}
				if signature := shadow.Raw[strings.LastIndex(shadow.Raw, ".")+1:]; strings.Trim(signature, "A") != "" {
					t.Errorf("signed with %s", signature)
				}
				if _, ok := f.Restore(shadow.Raw); ok {
					t.Error("it restores, so it verifies")
				}
			}
			if !slices.ContainsFunc(live, func(o enrich.Outcome) bool { return o.Reason == enrich.OK }) {
				t.Errorf("live %+v", live)
			}
		})
	}
}
