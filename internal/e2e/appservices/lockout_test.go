package appservices_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A user whom the backend lets in keeps their tokens, unless the function refuses them.
// The first function is an official sample of App Services, used with another user-id
// field. Each row logs the same user in three times.
func TestCreation_LocksOutOnlyWhomTheFunctionRefuses(t *testing.T) {
	for _, row := range []struct {
		name, source string
		exists       any
		want         []int
		reason       string
	}{
		{"the sample of App Services", `exports = (user) => context.services.get("mongodb-atlas").db("myapp").collection("users").insertOne({_id: user.id, admin: false})`,
			nil, []int{200, 200, 200}, "no_document"},
		{"the sample of App Services, and a user whom App Services knew", `exports = (user) => context.services.get("mongodb-atlas").db("myapp").collection("users").insertOne({_id: user.id, admin: false})`,
			map[string]any{"_id": ben}, []int{200, 200, 200}, "no_document"},
		{"a refusal", `exports = () => { throw new Error("not invited") }`, nil, []int{400, 400, 400}, "rejected"},
		{"a crash", `exports = () => { const a = []; for (;;) a.push("x".repeat(1 << 20) + a.length) }`, nil, []int{503, 503, 503}, "unavailable"},
	} {
		for _, recreate := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, recreate: %t", row.name, recreate), func(t *testing.T) {
				t.Parallel()
				users, documents := newCollection(t)
				enrichtest.CreateUniqueIndex(t, users, "user_account_id")
				if row.exists != nil {
					if _, err := users.InsertOne(t.Context(), row.exists); err != nil {
						t.Fatal(err)
					}
				}
				sidecar := startSidecar(t, hs256, documents+fmt.Sprintf("functions: {dir: %q}\nuser_creation: {function: create, recreate: %t}\n",
					filepath.Dir(written(t, "create.js", row.source)), recreate))
				for login, want := range row.want {
					reply, err := logInBen(sidecar.Public)
					if err != nil || reply.Status != want || strings.Contains(reply.Body, `"access_token"`) != (want == 200) {
						t.Errorf("login %d: got %d %.200s, %v; want %d, and tokens only with 200", login, reply.Status, reply.Body, err, want)
					}
				}
				if n := sidecar.Metrics(t).Reasons()[row.reason]; n != 3 {
					t.Errorf("three logins count %d tokens as %s, want 3", n, row.reason)
				}
			})
		}
	}
}

const ben = "5f1f216e82df4a7979f9da93"

func logInBen(at e2e.Address) (e2e.Reply, error) {
	return at.Try(http.MethodPost, clientAPI+"/app/myapp-abcde/auth/providers/local-userpass/login",
		`{"username":"ben@example.com","password":"secret"}`, "Content-Type: application/json")
}
