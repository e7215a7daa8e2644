package functions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/appservices/functions"
)

// What hooks learn about a call: the function ran, refused the user, or MongoDB refused
// the document; or it failed before it could decide.
const (
	ran       = "it ran"
	refuses   = "it refuses the user"
	notStored = "the document was refused"
	failed    = "it failed"
)

func saysOf(err error) string {
	_, rejects := errors.AsType[*enrich.Rejection](err)
	switch {
	case err == nil:
		return ran
	case rejects:
		return refuses
	case errors.Is(err, enrich.ErrNoDocument):
		return notStored
	}
	return failed
}

// refusing is a MongoDB that refuses every command with a code.
type refusing string

func (r refusing) Command(context.Context, string, json.RawMessage) (json.RawMessage, error) {
	return json.RawMessage(r), nil
}

func TestEngine_OnlyTheFunctionRefusesUsers(t *testing.T) {
	const insert = `context.services.get("mongodb-atlas").db("d").collection("c").insertOne({_id: user.id})`
	duplicate := refusing(`{"ok":1,"n":0,"writeErrors":[{"index":0,"code":11000,"errmsg":"E11000 duplicate key"}]}`)
	for _, row := range []struct {
		name, body string
		database   hooks.Database
		want       string
	}{
		{"it returns", `return 1`, nil, ran},
		{"it throws", `throw new Error("not invited")`, nil, refuses},
		{"it throws text", `throw "not invited"`, nil, refuses},
		{"it rejects", `await Promise.reject(new Error("not invited"))`, nil, refuses},
		{"it has an error", `return user.nothing.more`, nil, refuses},
		{"it reads JSON that is none", `JSON.parse("{")`, nil, refuses},
		{"MongoDB knows the key", `await ` + insert, duplicate, notStored},
		{"MongoDB knows the key, thrown again", `try { await ` + insert + ` } catch (e) { console.error(e); throw e }`, duplicate, notStored},
		{"MongoDB knows the key, which the function takes for a refusal", `try { await ` + insert + ` } catch (e) { throw new Error("the invitation was used") }`, duplicate, refuses},
		{"MongoDB knows the key, and the function does not mind", `try { await ` + insert + ` } catch (e) { if (e.code !== 11000) throw e }`, duplicate, ran},
		{"it throws an error that looks like MongoDB's", `const e = new Error("E11000 duplicate key"); e.name = "MongoError"; e.code = 11000; throw e`, nil, refuses},
		{"the validator", `await ` + insert, refusing(`{"ok":1,"writeErrors":[{"index":0,"code":121}]}`), notStored},
		{"a permission is missing", `await ` + insert, refusing(`{"ok":0,"code":13}`), failed},
		{"an election", `await ` + insert, refusing(`{"ok":0,"code":10107,"errorLabels":["RetryableWriteError"]}`), failed},
		{"an election, in other words", `try { await ` + insert + ` } catch (e) { throw new Error("could not") }`, refusing(`{"ok":0,"code":10107,"errorLabels":["RetryableWriteError"]}`), failed},
		{"it refuses after it has tried something", `try { await ` + insert + ` } catch (e) { throw new Error("not invited") }`, refusing(`{"ok":0,"code":59}`), refuses},
		{"MongoDB does not answer", `await ` + insert, unreachable{}, failed},
		{"MongoDB does not answer, in other words", `try { await ` + insert + ` } catch (e) { throw "could not: " + e }`, unreachable{}, failed},
		{"the network", `await context.http.get({url: "http://127.0.0.1:1/"})`, nil, failed},
		{"a host that is not allowed", `await context.http.get({url: "http://elsewhere.example/"})`, nil, failed},
		{"another function that does not exist", `context.functions.execute("nothing")`, nil, failed},
		{"a module", `require("axios")`, nil, failed},
		{"too many operations", `for (let i = 0; i < 2000; i++) context.http.get({url: "http://127.0.0.1:1/"}).catch(() => 0)`, nil, failed},
		{"the time", `for (;;);`, nil, failed},
		{"the memory", `const a = []; for (;;) a.push("x".repeat(1 << 20) + a.length)`, nil, failed},
		{"the stack", `const f = () => f() + 1; f()`, nil, failed},
		{"a promise that stays open", `await new Promise(() => {})`, nil, failed},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "f.js"), []byte("exports = async (user) => {\n"+row.body+"\n}"), 0o600); err != nil {
				t.Fatal(err)
			}
			app, err := functions.Engine(hooks.EngineOptions{Dir: dir, Database: row.database, Hosts: []string{"127.0.0.1:1"}, Processes: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer app.(hooks.Closer).Close(context.Background())
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			user := json.RawMessage(`{"id":"u1"}`)
			if err := app.Call(ctx, "f", user, user); saysOf(err) != row.want {
				t.Errorf("%s: %s (%v), want: %s", row.body, saysOf(err), err, row.want)
			}
		})
	}
}

// The author of a function may not know that it refuses a user because of a duplicate key.
func TestEngine_SaysThatARefusalFollowsADuplicateKey(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f.js"), []byte(`exports = async (user) => {
	try { await context.services.get("mongodb-atlas").db("d").collection("c").insertOne({_id: user.id}) } catch (e) { throw new Error("could not: " + e) }
}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	app, err := functions.Engine(hooks.EngineOptions{
		Dir: dir, Database: refusing(`{"ok":1,"writeErrors":[{"index":0,"code":11000,"errmsg":"E11000 of user u1"}]}`), Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer app.(hooks.Closer).Close(context.Background())
	user := json.RawMessage(`{"id":"u1"}`)
	if err := app.Call(t.Context(), "f", user, user); saysOf(err) != refuses || !strings.Contains(log.String(), "documents.user_id_field") || strings.Contains(log.String(), "u1") {
		t.Errorf("got %s, and the log %s; want a refusal, and what to do without the user's id", saysOf(err), &log)
	}
}
