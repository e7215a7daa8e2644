package sidecar

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

// User ids are unique only within their issuer (OpenID Connect Core, section 5.7).
func TestCheck_WarnsAboutIssuersThatShareACollection(t *testing.T) {
	for _, row := range []struct {
		issuers []string
		change  func(*config.Documents)
		warns   bool
	}{
		{[]string{"https://a"}, func(*config.Documents) {}, false},
		{[]string{"https://a", "https://b"}, func(*config.Documents) {}, true},
		{[]string{"https://a", "https://b"}, func(d *config.Documents) { d.IssuerShared = true }, false},
		{[]string{"https://a", "https://b"}, func(d *config.Documents) { d.UserIDIssuer = "iss" }, false},
	} {
		cfg := config.Default()
		cfg.Verify.Issuer = row.issuers
		row.change(&cfg.Documents)
		var warned bool
		k := checker{cfg: cfg, found: func(f Finding) { warned = warned || strings.Contains(f.String(), "documents.issuer_shared") }}
		k.settings()
		if warned != row.warns {
			t.Errorf("issuers %v, documents %+v: warned %v, want %v", row.issuers, cfg.Documents, warned, row.warns)
		}
	}
}
