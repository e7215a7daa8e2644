package appservices_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/demo/appservices"
)

// collection runs an operation of the users' collection, as realm-web sends it.
func (s *sdk) collection(operation, args string) (status int, body string) {
	reply, err := s.at.Try(http.MethodPost, clientAPI+"/app/myapp-abcde/functions/call",
		fmt.Sprintf(`{"name":%q,"arguments":[{"database":"myapp","collection":"users",%s}],"service":"mongodb-atlas"}`, operation, args),
		"Accept: application/json", "Content-Type: application/json", "Authorization: Bearer "+s.access)
	if err != nil {
		return 0, err.Error()
	}
	return reply.Status, reply.Body
}

const rulesOfOwners = `{"database":"myapp","collection":"users","filters":[],"roles":[{"name":"ThisUser","apply_when":{"user_account_id":"%%user.id"},
	"document_filters":{"read":true,"write":true},"read":true,"write":true,"insert":true,"delete":false,"search":false}]}`

// Users read and write their own document with the shapes of realm-web, on FerretDB. A
// function that runs as the user has the same permissions.
func TestData_UsersReachTheirOwnDocument(t *testing.T) {
	t.Parallel()
	rules := filepath.Join(t.TempDir(), "rules.json")
	if err := os.WriteFile(rules, []byte(rulesOfOwners), 0o600); err != nil {
		t.Fatal(err)
	}
	sidecar := startCallable(t, fmt.Sprintf("access: {functions: true, roles: %q, per_minute: 1000}\n", rules), map[string]string{
		"config.json": `[{"name":"mine"},{"name":"promote"},{"name":"all"}]`,
		"mine.js":     `exports = () => ` + collectionInJS + `.findOne({}, {_id: 0, lang: 1})`,
		"promote.js":  `exports = () => ` + collectionInJS + `.updateOne({}, {$set: {roles: ["admin"]}})`,
		"all.js":      `exports = () => ` + collectionInJS + `.countDocuments()`,
	})
	anna, ben := sidecar.logIn(t, "anna@example.com"), sidecar.logIn(t, "ben@example.com")
	annaID, benID := appservices.Users["anna@example.com"], appservices.Users["ben@example.com"]
	steps := []struct {
		by              *sdk
		operation, args string
		status          int
		want            string
	}{
		{anna, "insertOne", fmt.Sprintf(`"document":{"user_account_id":%q}`, benID), 403, "insert not permitted"},
		{anna, "insertOne", fmt.Sprintf(`"document":{"user_account_id":%q,"lang":"en"}`, annaID), 200, `"insertedId":{"$oid":"`},
		{anna, "insertOne", fmt.Sprintf(`"document":{"user_account_id":%q}`, annaID), 403, "already has a document"},
		{ben, "updateOne", fmt.Sprintf(`"query":{"user_account_id":%q},"update":{"$set":{"lang":"fr"}},"upsert":true`, benID), 200, `"upsertedId"`},
		{anna, "find", `"query":{},"project":{"lang":1,"_id":0}`, 200, `[{"lang":"en"}]`},
		{anna, "find", fmt.Sprintf(`"query":{"$or":[{"user_account_id":%q},{"lang":"fr"}]}`, benID), 200, `[]`},
		{anna, "find", `"query":{"$where":"1"}`, 400, "not supported"},
		{anna, "updateOne", `"query":{},"update":{"$set":{"lang":"de"}},"upsert":false`, 200, `{"matchedCount":{"$numberInt":"1"},"modifiedCount":{"$numberInt":"1"}}`},
		{anna, "updateOne", `"query":{},"update":{"$set":{"isAdmin":true}}`, 403, "NoMatchingRuleFound"},
		{anna, "deleteOne", `"query":{}`, 403, "delete not permitted"},
		{anna, "count", `"query":{}`, 200, `{"$numberLong":"1"}`},
		{anna, "updateMany", `"query":{},"update":{"$set":{"lang":"x"}}`, 400, "use find, findOne"},
	}
	for _, step := range steps {
		if status, body := step.by.collection(step.operation, step.args); status != step.status || !strings.Contains(body, step.want) {
			t.Errorf("%s {%s}: got %d %s, want %d %s", step.operation, step.args, status, body, step.status, step.want)
		}
	}
	if status := anna.refreshCustomData(); status != 201 || anna.customData()["lang"] != "de" {
		t.Errorf("the refresh after the update: got %d %v, want the language de", status, anna.customData())
	}
	for name, want := range map[string]string{"mine": `{"lang":"de"}`, "all": `1`, "promote": `not permitted`} {
		if status, body := anna.call(anna.access, name); !strings.Contains(body, want) || name == "promote" && status != 403 {
			t.Errorf("the function %s as the user: got %d %s, want %s", name, status, body, want)
		}
	}
	sidecar.reloadsWhatDecides(t, anna)
	sidecar.reloadsRoles(t, anna, rules)
}

// reloadsWhatDecides checks that a field by which a new expression of forward decides cannot
// be written any more, without a restart and without a change of access.
func (c callable) reloadsWhatDecides(t *testing.T, s *sdk) {
	t.Helper()
	c.Reconfigure(t, "access:", "forward:\n  - {match: /reports/, allow: {\"%%user.custom_data.lang\": en}}\naccess:")
	if status, body := s.collection("updateOne", `"query":{},"update":{"$set":{"lang":"en"}}`); status != http.StatusForbidden || !strings.Contains(body, "access.allow_privileged") {
		t.Errorf("an update of a field by which forward decides: got %d %s, want 403", status, body)
	}
}

// reloadsRoles checks that changed rules apply without a restart.
func (c callable) reloadsRoles(t *testing.T, s *sdk, rules string) {
	t.Helper()
	closed := strings.Replace(rulesOfOwners, `"read":true,"write":true,"insert"`, `"read":false,"write":false,"insert"`, 1)
	c.Log.After(t, "configuration reloaded", func() { write(t, filepath.Dir(rules), filepath.Base(rules), closed) })
	if _, body := s.collection("find", `"query":{}`); body != "[]" {
		t.Errorf("find after the rules were closed: got %s, want nothing", body)
	}
}
