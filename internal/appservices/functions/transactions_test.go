package functions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/enrichtest/wiretest"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
	"github.com/tokengraft/tokengraft/internal/appservices/functions"
)

// A transactor is a collection with the transactions of its server, as the sidecar has it.
type transactor struct{ *mongodoc.Source }

func (t transactor) Begin(ctx context.Context) (hooks.Transaction, error) {
	transaction, err := t.Source.Begin(ctx)
	if errors.Is(err, mongodoc.ErrNoTransactions) {
		return nil, hooks.ErrNoTransactions
	}
	return transaction, err
}

func connect(t *testing.T, uri string) transactor {
	t.Helper()
	source, err := mongodoc.Open(mongodoc.Options{URI: uri, Database: "d", Collection: "users", Field: "uid", Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close(context.Background()) })
	return transactor{source}
}

// startReplicaSet starts a substitute for a replica set.
func startReplicaSet(t *testing.T) (server *wiretest.Server, database transactor) {
	t.Helper()
	server = wiretest.New()
	t.Cleanup(server.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go server.Serve(listener)
	return server, connect(t, "mongodb://"+listener.Addr().String()+"/?directConnection=true")
}

// transacting is a function with a session, in which its body runs.
func transacting(body string) string {
	return `exports = async () => {
	const client = context.services.get("mongodb-atlas"), session = client.startSession();
	const c = client.db("d").collection("users"), insert = (doc) => c.insertOne(doc, { session });
	try { ` + body + ` } finally { session.endSession() }
}`
}

func TestTransactions_CommitAllOrNothing(t *testing.T) {
	for _, tt := range []struct{ name, body, want, stored string }{
		{"two inserts", `return await session.withTransaction(async () => { await insert({_id: 1}); await insert({_id: 2}); return "both" })`, `"both"`, "2"},
		{"an error", `await session.withTransaction(async () => { await insert({_id: 1}); throw new Error("no") })`, "no", "0"},
		{"an error, as in App Services' documentation", `try { await session.withTransaction(async () => { await insert({_id: 1}); throw new Error("no") }) } catch (e) { await session.abortTransaction(); return e.message }`, `"no"`, "0"},
		{"an aborted transaction", `await session.withTransaction(async () => { await insert({_id: 1}); await session.abortTransaction() })`, `null`, "0"},
		{"start and commit", `session.startTransaction(); await insert({_id: 1}); await session.commitTransaction()`, `null`, "1"},
		{"start and end", `session.startTransaction(); await insert({_id: 1})`, `null`, "0"},
		{"nothing in it", `await session.withTransaction(async () => {})`, `null`, "0"},
		{"two, one after the other", `for (const _id of [1, 2]) await session.withTransaction(() => insert({_id}))`, `null`, "2"},
		{"inserts in parallel", `await session.withTransaction(() => Promise.all([1, 2, 3].map((_id) => insert({_id}))))`, `null`, "3"},
		{"an insert without the session", `await session.withTransaction(async () => { await c.insertOne({_id: 1}); await insert({_id: 2}); throw "no" })`, "no", "1"},
		{"a session without a transaction", `await insert({_id: 1})`, `null`, "1"},
		{"an ended session", `await session.endSession(); await insert({_id: 1})`, "the session has ended", "0"},
		{"another object as session", `await c.insertOne({_id: 1}, {session: {}})`, "options.session must come from startSession()", "0"},
		{"a transaction in a transaction", `await session.withTransaction(() => session.withTransaction(() => {}))`, "the session already has a transaction", "0"},
		{"too many at a time", `for (let i = 0; i < 9; i++) { const s = client.startSession(); s.startTransaction(); await c.insertOne({_id: i}, {session: s}) }`, "a function may have at most 8 open transactions", "0"},
		{"the options as the second argument", `await insert({_id: 1}); return await session.withTransaction(async () => (await c.findOne({_id: 1}, {session}))._id)`, `{"$numberLong":"1"}`, "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server, database := startReplicaSet(t)
			app := open(t, transacting(tt.body), func(o *functions.Options) { o.Database = database })
			got, err := call(t, app)
			if e, ok := errors.AsType[*functions.Error](err); ok {
				got = e.Message
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if stored := count(t, database); stored != tt.stored {
				t.Errorf("the collection has %s documents, want %s", stored, tt.stored)
			}
			deadline := time.Now().Add(5 * time.Second)
			for server.Open() > 0 && time.Now().Before(deadline) {
				time.Sleep(5 * time.Millisecond) // the function has ended, and its transactions are being aborted
			}
			if n := server.Open(); n != 0 {
				t.Errorf("%d transactions are still open after the call, want none", n)
			}
		})
	}
}

func count(t *testing.T, database hooks.Database) string {
	t.Helper()
	reply, err := database.Command(t.Context(), "d", json.RawMessage(`{"find":"users","filter":{}}`))
	var found struct{ Cursor struct{ FirstBatch []any } }
	if err == nil {
		err = json.Unmarshal(reply, &found)
	}
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(len(found.Cursor.FirstBatch))
}

// MongoDB asks for another try if two transactions conflict.
func TestTransactions_RepeatAfterAConflict(t *testing.T) {
	server, database := startReplicaSet(t)
	server.FailCommand("insert", 112, "WriteConflict", "TransientTransactionError")
	app := open(t, `let tries = 0;
`+transacting(`await session.withTransaction(async () => { if (++tries === 3) await c.deleteOne({}).catch(() => 0); await insert({_id: tries}) })`), func(o *functions.Options) { o.Database = database })
	if _, err := call(t, app); err == nil || server.CommandCount("insert") != 5 {
		t.Errorf("while every insert conflicts: got %v after %d tries, want an error after 5", err, server.CommandCount("insert"))
	}
	server.OnCommand("find", func() { server.FailCommand("insert", 0, "") })
	app = open(t, transacting(`let tries = 0; await session.withTransaction(async () => { if (++tries === 3) await c.findOne({}); await insert({_id: tries}) }); return tries`), func(o *functions.Options) { o.Database = database })
	if got, err := call(t, app); err != nil || got != `{"$numberLong":"3"}` || count(t, database) != "1" {
		t.Errorf("the third try does not conflict: got %s, %v, and %s documents; want 3 tries and one document", got, err, count(t, database))
	}
}

// FerretDB has no transactions. Nothing must be written then.
func TestTransactions_SayThatFerretDBHasNone(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	database := connect(t, uri)
	var log bytes.Buffer
	app := open(t, transacting(`await session.withTransaction(() => insert({_id: 1}))`), func(o *functions.Options) {
		o.Database, o.Logger = database, slog.New(slog.NewTextHandler(&log, nil))
	})
	_, err := call(t, app)
	e, ok := errors.AsType[*functions.Error](err)
	if !ok || !strings.HasPrefix(e.Message, "transactions are not supported by this MongoDB: they need a replica set") || !e.Failed {
		t.Errorf("got %v, want an error about transactions that is not the function's own", err)
	}
	if !strings.Contains(log.String(), "use a replica set") || count(t, database) != "0" {
		t.Errorf("got %s documents and the log %s; want none, and what to do", count(t, database), &log)
	}
}
