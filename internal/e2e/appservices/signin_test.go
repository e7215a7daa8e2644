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

// Fifty first logins of one user come at once, to two replicas. The function is the
// one of App Services' documentation.
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
						t.Errorf("the token carries %s, %v", claims, err)
					}
				})
			}
			logins.Wait()
			if n, err := users.CountDocuments(context.Background(), struct{}{}); n != 1 || err != nil {
				t.Errorf("%d documents, %v; want 1", n, err)
			}
		})
	}
}

// A trigger that is waited for writes into the document, or makes one: it must
// not be taken for the one that the user is created with.
func TestCreation_ComesBeforeLoginTriggers(t *testing.T) {
	t.Parallel()
	users, documents := newCollection(t)
	enrichtest.CreateUniqueIndex(t, users, "user_account_id")
	hooks := "user_creation: {document: '" + written(t, "new.json", `{"favorite_color":"blue"}`) + "'}\n" +
		"triggers: [{name: seen, operation: LOGIN, last_login: lastLogin, wait: true}]\n"
	s := start(t, hs256, documents+hooks)
	claims, err := firstClaim(s.at)
	if err != nil || !strings.Contains(claims, "blue") || !strings.Contains(claims, "lastLogin") {
		t.Errorf("the first token carries %s, %v", claims, err)
	}
}

// firstClaim logs ben in and returns what his first token carries.
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
	return "", fmt.Errorf("no claim in %d %s", reply.Status, reply.Body)
}

// An error in a function shows at the start, with its place.
func TestFunctions_WithAnErrorKeepTheSidecarFromStarting(t *testing.T) {
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
			t.Errorf("serve: exit code %d, %s; want 1 and %s", code, stderr, test.want)
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

// written is a file with this text.
func written(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// DELETE of the backend's own endpoint evicts the user: the cache would keep
// their document for as long as their tokens live.
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
		t.Fatal("the second login was no hit, so there is nothing to forget")
	}
	if status, _ := s.send(http.MethodDelete, "/auth/delete", s.access, ""); status != http.StatusNoContent {
		t.Fatalf("the deletion was answered %d", status)
	}
	s.logIn("anna@example.com")
	if data := s.customData(); data != nil {
		t.Errorf("after the deletion a token carries %v", data)
	}
}
