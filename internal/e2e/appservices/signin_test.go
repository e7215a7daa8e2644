package appservices_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/demo/appservices"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// Fifty first logins of one user go to two replicas at once. The function is the example
// from App Services' documentation.
func TestCreation_FiftyFirstLoginsMakeOneDocument(t *testing.T) {
	for name, creation := range map[string]string{
		"function": "functions: {dir: '" + absolute(t, "../../../examples/app-services/app/functions") + "'}\nuser_creation: {function: onUserCreation}\n",
		"template": "user_creation: {document: '" + written(t, "new.json", `{"favorite_color":"blue"}`) + "'}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, documents := newCollection(t)
			enrichtest.CreateUniqueIndex(t, users, "user_account_id")
			replicas := []*sdk{start(t, hs256, documents+creation), start(t, hs256, documents+creation)}
			var logins sync.WaitGroup
			for i := range 50 {
				logins.Go(func() {
					claims, err := firstClaim(replicas[i%2].at)
					if err != nil || !strings.Contains(claims, `"favorite_color":"blue"`) {
						t.Errorf("a first login: got document %s, error %v; want favorite_color in it", claims, err)
					}
				})
			}
			logins.Wait()
			if n, err := users.CountDocuments(context.Background(), struct{}{}); n != 1 || err != nil {
				t.Errorf("after 50 first logins: got %d documents, error %v; want 1", n, err)
			}
		})
	}
}

// A login trigger with wait inserts a document if there is none. The creation must not
// mistake it for the user's document.
func TestCreation_RunsBeforeLoginTriggers(t *testing.T) {
	t.Parallel()
	users, documents := newCollection(t)
	enrichtest.CreateUniqueIndex(t, users, "user_account_id")
	hooks := "user_creation: {document: '" + written(t, "new.json", `{"favorite_color":"blue"}`) + "'}\n" +
		"triggers: [{name: seen, operation: LOGIN, last_login: lastLogin, wait: true}]\n"
	s := start(t, hs256, documents+hooks)
	claims, err := firstClaim(s.at)
	if err != nil || !strings.Contains(claims, "blue") || !strings.Contains(claims, "lastLogin") {
		t.Errorf("the first token: got document %s, error %v; want blue and lastLogin in it", claims, err)
	}
}

// firstClaim logs ben in and returns the claim in the first token that has it.
func firstClaim(at e2e.Address) (string, error) {
	reply, err := at.Try(http.MethodPost, clientAPI+"/app/myapp-abcde/auth/providers/local-userpass/login",
		`{"username":"ben@example.com","password":"secret"}`, "Content-Type: application/json")
	if err != nil {
		return "", err
	}
	for _, token := range e2e.Tokens(reply.Body) {
		parsed, err := enrich.ParseToken(token)
		if claim := parsed.Claim("user_data"); claim != nil {
			return string(claim), err
		}
	}
	return "", fmt.Errorf("the response has no token with the claim: %d %s", reply.Status, reply.Body)
}

// serve reports an error in a function with its position, and does not start.
func TestFunctions_WithAnErrorPreventTheStart(t *testing.T) {
	for _, test := range []struct{ source, named, want string }{
		{"exports = function( {", "create", "create.js:1:"},
		{"exports = function () {}", "elsewhere", "tokengraft.yaml:8:28: user_creation.function: there is no function \"elsewhere\""},
	} {
		file := written(t, "tokengraft.yaml", fmt.Sprintf(`listen: 127.0.0.1:0
backend: http://127.0.0.1:1
admin: off
preset: app-services
verify: {secret: s}
documents: {mongodb: {uri: "mongodb://127.0.0.1:1", database: d, collection: c}, user_id_field: f}
functions: {dir: %q}
user_creation: {function:  %s}
`, filepath.Dir(written(t, "create.js", test.source)), test.named))
		if code, _, stderr := e2e.Run(t, "serve", "-c", file); code != 1 || !strings.Contains(stderr, test.want) {
			t.Errorf("serve: got exit code %d and %s; want 1 and %s", code, stderr, test.want)
		}
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// written writes a file with a text, and returns its path.
func written(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Without the eviction, the cache would keep the document of a deleted user for as long
// as their tokens live.
func TestDeletion_EvictsTheUser(t *testing.T) {
	t.Parallel()
	users, documents := newCollection(t)
	if _, err := users.InsertOne(t.Context(), map[string]string{"user_account_id": appservices.Users["anna@example.com"]}); err != nil {
		t.Fatal(err)
	}
	s := start(t, hs256, documents)
	s.logIn("anna@example.com")
	if _, err := users.DeleteMany(t.Context(), struct{}{}); err != nil {
		t.Fatal(err)
	}
	s.logIn("anna@example.com")
	if s.customData() == nil {
		t.Fatal("the second login: got no user_data, want it from the cache, or the test would prove nothing")
	}
	if status, _ := s.send(http.MethodDelete, "/auth/delete", s.access, ""); status != http.StatusNoContent {
		t.Fatalf("the deletion: got %d, want 204", status)
	}
	s.logIn("anna@example.com")
	if data := s.customData(); data != nil {
		t.Errorf("a login after the deletion: got user_data %v, want none", data)
	}
}
