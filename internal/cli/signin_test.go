package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/demo/appservices"
)

// Issue 7: "50 concurrent first logins of one new user: one document, 50 tokens
// with it", with the function of App Services' documentation, on two replicas.
func TestFiftyFirstLoginsMakeOneDocument(t *testing.T) {
	for name, creation := range map[string]string{
		"function": "functions: {dir: '" + absolute(t, "examples/app-services/app/functions") + "'}\nuser_creation: {function: onUserCreation}\n",
		"template": "user_creation: {document: '" + written(t, "new.json", `{"favorite_color":"blue"}`) + "'}\n",
	} {
		t.Run(name, func(t *testing.T) {
			signing := keysOfAppServices(t)["HS256"]
			users, documents := customUserData(t)
			enrichtest.Unique(t, users, "user_account_id")
			replicas := []*sdk{
				startAppServices(t, signing.key, signing.settings+documents+creation),
				startAppServices(t, signing.key, signing.settings+documents+creation),
			}
			var logins sync.WaitGroup
			for i := range 50 {
				logins.Go(func() {
					claims, err := firstClaims(replicas[i%2].hostname)
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
func TestAUserIsCreatedBeforeHisLoginTriggersRun(t *testing.T) {
	signing := keysOfAppServices(t)["HS256"]
	users, documents := customUserData(t)
	enrichtest.Unique(t, users, "user_account_id")
	hooks := "user_creation: {document: '" + written(t, "new.json", `{"favorite_color":"blue"}`) + "'}\n" +
		"triggers: [{name: seen, operation: LOGIN, last_login: lastLogin, wait: true}]\n"
	s := startAppServices(t, signing.key, signing.settings+documents+hooks)
	claims, err := firstClaims(s.hostname)
	if err != nil || !strings.Contains(claims, "blue") || !strings.Contains(claims, "lastLogin") {
		t.Errorf("the first token carries %s, %v", claims, err)
	}
}

// firstClaims logs ben in and returns what his first token carries.
func firstClaims(address string) (string, error) {
	response, err := http.Post(address+clientAPI+"/app/myapp-abcde/auth/providers/local-userpass/login", "application/json",
		strings.NewReader(`{"username":"ben@example.com","password":"secret"}`))
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	for _, token := range tokensIn(string(text)) {
		parsed, err := enrich.ParseToken(token)
		if claim := parsed.Claim("user_data"); claim != nil {
			return string(claim), err
		}
	}
	return "", fmt.Errorf("no claim in %s", response.Status)
}

// What is wrong with functions is said at the start, and where.
func TestAWrongFunctionKeepsTheSidecarFromStarting(t *testing.T) {
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
		var stderr bytes.Buffer
		if code := Run(t.Context(), []string{"serve", "-c", file}, nil, io.Discard, &stderr); code != exitFault || !strings.Contains(stderr.String(), test.want) {
			t.Errorf("exit code %d, %s; want %d and %s", code, &stderr, exitFault, test.want)
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

// DELETE of the backend's own endpoint forgets the user: the cache would have had
// his document for as long as his tokens live.
func TestADeletedUserLeavesTheCache(t *testing.T) {
	signing := keysOfAppServices(t)["HS256"]
	users, documents := customUserData(t)
	if _, err := users.InsertOne(t.Context(), map[string]string{"user_account_id": appservices.Users["anna@example.com"]}); err != nil {
		t.Fatal(err)
	}
	s := startAppServices(t, signing.key, signing.settings+documents)
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
