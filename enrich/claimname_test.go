package enrich_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// Law H1: users may be able to write their own document.
func TestCheckClaimName_RefusesNamesThatOthersRelyOn(t *testing.T) {
	taken := "iss sub aud exp nbf iat jti name email azp nonce auth_time acr amr at_hash c_hash s_hash cnf act client_id sid vct status cmw " +
		"metadata jwks keys constraints crit ref delegation trust_marks trust_chain authority_hints " +
		"scope scp roles groups permissions entitlements realm_access resource_access authorization_details"
	for name := range strings.FieldsSeq(taken) {
		if enrich.CheckClaimName(name) == nil {
			t.Errorf("CheckClaimName(%q) = nil, want an error", name)
		}
	}
	if enrich.CheckClaimName("") == nil {
		t.Error(`CheckClaimName("") = nil, want an error`)
	}
	for _, name := range []string{"custom_data", "user_data", "https://example.com/data"} {
		if err := enrich.CheckClaimName(name); err != nil {
			t.Errorf("CheckClaimName(%q) = %v, want nil", name, err)
		}
	}
}

// Law H2.
func TestOriginalClaim_StaysWithoutADocumentAndWarnsOnce(t *testing.T) {
	var log bytes.Buffer
	f := newFixture(t, "ES256", func(_ *keys.Options, o *enrich.Options) {
		o.Source, o.Logger = documents(nil), slog.New(slog.NewTextHandler(&log, nil))
	})
	for range 3 {
		token := f.issuer.Token(claimsOf(`,"custom_data":{"role":"admin"}`))
		if got := f.enrichOne(t, token); got.Reason != enrich.NoDocument || got.Raw != token {
			t.Errorf("reason %q, changed %v; want no_document and the original", got.Reason, got.Raw != token)
		}
	}
	if got := strings.Count(log.String(), "level=WARN"); got != 1 || strings.Contains(log.String(), "admin") {
		t.Errorf("log %s, want one warning without the claim's value", log.String())
	}
}
