package cli_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

func TestCheck_NamesCredentialsInDocuments(t *testing.T) {
	const users = `[{"id":"u1","city":"Wien","passwordHash":"hunter2","profile":{"apiKey":"k"}},{"id":"u2","passwordHash":"hunter3","logins":{"u2@example.com":{"otp":1}}}]`
	for _, tt := range []struct {
		claim string
		want  []string
		not   string
	}{
		{"", []string{
			"claim.include: is not set, so the whole document goes into every token, and everyone who has a token can read it; list the fields that clients need, from include: [id, city, profile, logins]",
			"claim.credentials: passwordHash looks like a credential (in 2 of 2 documents that were read) and is left out of tokens. To say that it should stay out, in the section claim, write exclude: [passwordHash]",
			"profile.apiKey looks like a credential (in 1 of 2 documents that were read)", "logins.*.otp looks like",
		}, "gets into tokens"},
		{"include: [city, passwordHash]", nil, "looks like"},
		{"include: [city, profile]", []string{"profile.apiKey looks like a credential (in 1 of 2 documents"}, "claim.include:"},
		{"exclude: [passwordHash, profile, logins]", []string{"claim.include: is not set"}, "looks like"},
		{"credentials: warn", []string{"passwordHash looks like a credential (in 2 of 2 documents that were read) and gets into tokens, which every client and verifier can read. To keep it out, in the section claim, write credentials: drop"}, "left out"},
		{"credentials: allow", []string{"claim.include: is not set"}, "looks like"},
	} {
		path := writeConfig(t, fmt.Sprintf(`listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: %q, issuer: me}
claim: {%s}
documents: {file: users.json, user_id_field: id}
`, enrichtest.Secret, tt.claim), map[string]string{"users.json": users})
		_, stdout, _ := run(t, "check", "-c", path)
		for _, want := range tt.want {
			if !strings.Contains(stdout, want) {
				t.Errorf("check with claim: {%s} prints\n%s\nwant %q", tt.claim, stdout, want)
			}
		}
		for _, not := range []string{tt.not, "hunter", "u2@example.com"} {
			if strings.Contains(stdout, not) {
				t.Errorf("check with claim: {%s} prints\n%s\nwant it without %q", tt.claim, stdout, not)
			}
		}
	}
}
