package enrich_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// Law H1: users may be able to write their own document.
func TestCheckClaimName_RefusesNamesThatOthersRelyOn(t *testing.T) {
	registered := "iss sub aud exp nbf iat jti name email azp nonce auth_time acr amr at_hash c_hash s_hash cnf act client_id sid vct status cmw " +
		"metadata jwks keys constraints crit ref delegation trust_marks trust_chain authority_hints tgr"
	for name := range strings.FieldsSeq(registered) {
		if err := enrich.CheckClaimName(name); err == nil || errors.Is(err, enrich.ErrPrivilegedName) {
			t.Errorf("CheckClaimName(%q) = %v, want an error that no option allows", name, err)
		}
	}
	for name := range strings.FieldsSeq(privileged) {
		if err := enrich.CheckClaimName(name); !errors.Is(err, enrich.ErrPrivilegedName) {
			t.Errorf("CheckClaimName(%q) = %v, want %v", name, err, enrich.ErrPrivilegedName)
		}
	}
	if enrich.CheckClaimName("") == nil {
		t.Error(`CheckClaimName("") = nil, want an error`)
	}
	for _, name := range []string{
		"custom_data", "user_data", "customData", "https://example.com/data", "https://roles.example.com/data", "urn:example:custom_data",
		"plan", "grouping", "scoped", "administration", "preferences", "data_freshness", "data_read_at", "rolex", "über", "...x", "/",
	} {
		if err := enrich.CheckClaimName(name); err != nil {
			t.Errorf("CheckClaimName(%q) = %v, want nil", name, err)
		}
	}
}

// privileged are names by which resource servers decide access.
const privileged = "scope scp roles groups permissions entitlements realm_access resource_access authorization_details " +
	"role ROLE Roles user_role userRole USER-ROLES authorities authority app_metadata appMetadata user_metadata is_admin isAdmin admin ADMIN " +
	"permission scopes privileges acl tenantAdmin is_superuser is_staff cognito:groups custom:role custom:isAdmin urn:x:role urn:zitadel:iam:org:project:roles " +
	"https://example.com/roles https://example.com/ROLES/ https://example.com/app_metadata http://example.com/ns#permissions com.example.role " +
	"http://schemas.microsoft.com/ws/2008/06/identity/claims/role https://hasura.io/jwt/claims x-hasura-default-role https://example.com/x-hasura-user-id"

// Law H1.
func TestPrivilegedName_IsAllowedOnlyByItsOption(t *testing.T) {
	for _, claim := range []struct {
		name string
		set  func(*enrich.Options, string)
	}{
		{"Claim", func(o *enrich.Options, name string) { o.Claim = name }},
		{"Freshness", func(o *enrich.Options, name string) { o.Freshness = name }},
		{"ReadAt", func(o *enrich.Options, name string) { o.ReadAt = name }},
	} {
		for _, row := range []struct {
			claim   string
			allowed bool
			wrong   bool
		}{
			{"https://example.com/roles", false, true},
			{"https://example.com/roles", true, false},
			{"roles", true, false},
			{"sub", true, true},
		} {
			o := enrich.Options{Ring: &keys.Ring{}, Source: documents(nil), AllowPrivilegedName: row.allowed}
			claim.set(&o, row.claim)
			if _, err := enrich.New(o); (err != nil) != row.wrong {
				t.Errorf("New with %s %q, allowed %v = %v, want an error: %v", claim.name, row.claim, row.allowed, err, row.wrong)
			}
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
