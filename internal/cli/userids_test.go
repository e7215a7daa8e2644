package cli_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// withIDs returns the path of a configuration with documents that have these user ids, in
// Extended JSON, and with further settings in the section documents.
func withIDs(t *testing.T, settings string, ids ...string) string {
	t.Helper()
	var users []string
	for _, id := range ids {
		users = append(users, fmt.Sprintf(`{"account":{"id":%s}}`, id))
	}
	return writeConfig(t, fmt.Sprintf(`listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: %q, issuer: me}
documents: {file: users.json, user_id_field: account.id%s}
`, enrichtest.Secret, settings), map[string]string{"users.json": "[" + strings.Join(users, ",") + "]"})
}

func TestTry_MatchesAStringWithANumber(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	code, stdout, stderr := run(t, "try", "-c", withIDs(t, "", "77"), issuer.Token(`{"iss":"me","sub":"77"}`))
	if code != exitOK {
		t.Errorf("try with the string 77 and a document with the number 77: exit code %d, want %d:\n%s%s", code, exitOK, stdout, stderr)
	}
}

func TestTry_SaysWhyAUserHasNoDocument(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	for _, tt := range []struct{ settings, id, sub, want string }{
		{", user_id_type: string", "77", `"77"`, "In the token, sub is of the type string; in the document, account.id is of the type int. Write this in the section documents: user_id_type: auto"},
		{"", `"77"`, `77`, "In the token, sub is of the type number; in the document, account.id is of the type string. Write this in the section documents: user_id_type: string"},
		{"", `" 77"`, `"77"`, "No setting makes these ids equal"},
		{"", `"78"`, `"77"`, "There is no document whose field account.id has the value of the claim sub."},
	} {
		code, stdout, _ := run(t, "try", "-c", withIDs(t, tt.settings, tt.id), issuer.Token(`{"iss":"me","sub":`+tt.sub+`}`))
		_, after, _ := strings.Cut(stdout, "reason: ")
		if code != exitNotEnriched || !strings.Contains(after, tt.want) || strings.Contains(after, "77") {
			t.Errorf("try with sub %s and a document with %s%s: exit code %d and\n%s\nwant %d and %q, without the id", tt.sub, tt.id, tt.settings, code, after, exitNotEnriched, tt.want)
		}
	}
}

func TestCheck_WarnsAboutIDsThatNeverMatch(t *testing.T) {
	const uuid, date = `{"$uuid":"73ffd264-44b3-4c69-90e8-e7d1dfc035d4"}`, `{"$date":"2022-08-08T23:06:40Z"}`
	for _, tt := range []struct {
		settings string
		ids      []string
		want     string // "" means no warning
	}{
		{"", []string{`"u1"`, "7", `{"$oid":"62efedca3587e6e83c0fc675"}`, "null"}, ""},
		{", user_id_type: uuid", []string{uuid}, ""},
		{", user_id_type: string", []string{`"u1"`, "7"}, "documents.user_id_type: in 1 of 2 documents that were read, account.id is of the type int, which string never matches; set user_id_type: auto"},
		{", user_id_type: int", []string{`"7"`}, "account.id is of the type string, which int never matches; set user_id_type: auto"},
		{", user_id_type: objectId", []string{`"62efedca3587e6e83c0fc675"`}, "account.id is of the type string, which objectId never matches; set user_id_type: auto"},
		{"", []string{uuid}, "account.id is of the type uuid, which auto never matches; set user_id_type: uuid"},
		{"", []string{date, "7.5"}, "account.id is of the type double, which auto never matches; no user_id_type matches it"},
		{"", []string{"null", "null"}, "documents.user_id_field: none of 2 documents that were read has a value in account.id"},
	} {
		_, stdout, _ := run(t, "check", "-c", withIDs(t, tt.settings, tt.ids...))
		about := strings.Contains(stdout, "documents.user_id")
		if tt.want == "" && about || !strings.Contains(stdout, tt.want) {
			t.Errorf("check with the ids %s%s prints\n%s\nwant the warning %q", tt.ids, tt.settings, stdout, tt.want)
		}
	}
}
