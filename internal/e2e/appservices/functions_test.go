package appservices_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// Functions use what App Services gave them. Each row is a function that creates users, in
// an app that has a session on FerretDB, which has no transactions.
func TestFunctions_HaveWhatAppServicesGaveThem(t *testing.T) {
	const users = `context.services.get("mongodb-atlas").db("myapp").collection("users")`
	for _, row := range []struct {
		name, source string
		status       int
		want         string // in the claim, or in the log if the status is 503
	}{
		{"utils.crypto", `exports = async (user) => { await ` + users + `.insertOne({user_account_id: user.id, seal: utils.crypto.hash("sha256", "hello!").toBase64()}) }`,
			200, `"seal":"zgYJL7lI2f+sfRo3bkBLJrdXW8wR7gWkYV/vT+w6MIs="`},
		{"utils.jwt", `exports = async (user) => { const invite = utils.jwt.encode("HS256", { a: 1 }, "secret"); await ` + users + `.insertOne({user_account_id: user.id, a: utils.jwt.decode(invite, "secret").a}) }`,
			200, `"a":{"$numberLong":"1"}`},
		{"formatting", `exports = async (user) => { await ` + users + `.insertOne({user_account_id: user.id, credit: (1250).toLocaleString("en-US")}) }`,
			200, `"credit":"1,250"`},
		{"a transaction", `exports = async (user) => {
  const session = context.services.get("mongodb-atlas").startSession();
  try { await session.withTransaction(async () => { await ` + users + `.insertOne({user_account_id: user.id}, { session }) }) } finally { session.endSession() }
}`, 503, "a function starts a transaction, but this MongoDB has none"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			collection, documents := newCollection(t)
			enrichtest.CreateUniqueIndex(t, collection, "user_account_id")
			sidecar := startSidecar(t, hs256, documents+fmt.Sprintf("functions: {dir: %q}\nuser_creation: {function: create}\n", filepath.Dir(written(t, "create.js", row.source))))
			reply, err := logInBen(sidecar.Public)
			if err != nil || reply.Status != row.status {
				t.Fatalf("a first login: got %d %.200s, %v; want %d", reply.Status, reply.Body, err, row.status)
			}
			got := sidecar.Log.String()
			if row.status == 200 {
				_, got = enrichtest.DecodeToken(t, e2e.Tokens(reply.Body)[0])
			}
			if !strings.Contains(got, row.want) {
				t.Errorf("got %s, want %s in it", got, row.want)
			}
		})
	}
}
