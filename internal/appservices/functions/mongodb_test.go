package functions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
	"github.com/tokengraft/tokengraft/internal/appservices/functions"
)

var _ hooks.Database = (*mongodoc.Source)(nil)

// database connects to MONGODB_URI, or else to a FerretDB that it starts.
func database(t testing.TB) func(*functions.Options) {
	t.Helper()
	uri := os.Getenv("MONGODB_URI")
	if uri == "" {
		uri, _ = enrichtest.StartFerretDB(t)
	}
	source, err := mongodoc.Open(mongodoc.Options{URI: uri, Database: "app", Collection: "users", Field: "user_account_id", Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close(context.Background()) })
	return func(o *functions.Options) {
		o.Database, o.Timeout = source, functions.MaxTimeout
		// Each app has its own collection, because the server may be shared.
		o.Environment.Tag = fmt.Sprintf("test%d", time.Now().UnixNano())
	}
}

// documented is the example from App Services' documentation. Only the placeholders
// are filled in.
const documented = `exports = async function onUserCreation(user) {
  const customUserDataCollection = context.services
    .get("mongodb-atlas")
    .db("myapp")
    .collection("users");
  try {
    await customUserDataCollection.insertOne({
      // Save the user's account ID to your configured user_id_field
      user_account_id: user.id,
      // Store any other user data you want
      favorite_color: "blue",
    });
  } catch (e) {
    console.error(` + "`Failed to create custom user data document for user:${user.id}`" + `);
    throw e
  }
}`

func TestMongoDB_RunsTheExampleFromAppServicesDocumentation(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	source, err := mongodoc.Open(mongodoc.Options{URI: uri, Database: "myapp", Collection: "users", Field: "user_account_id", Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close(context.Background())
	app := open(t, documented, func(o *functions.Options) { o.Database, o.Timeout = source, functions.MaxTimeout })
	if got, err := call(t, app, `{"id":"5f1f216e82df4a7979f9da93","type":"normal","data":{},"identities":[]}`); err != nil || got != "null" {
		t.Fatalf("got %s, %v; want null", got, err)
	}
	reply, err := source.Command(t.Context(), "myapp", json.RawMessage(`{"find":"users","projection":{"_id":0}}`))
	if want := `"firstBatch":[{"user_account_id":"5f1f216e82df4a7979f9da93","favorite_color":"blue"}]`; err != nil || !strings.Contains(string(reply), want) {
		t.Errorf("the collection has %s, %v; want %s", reply, err, want)
	}
}

func TestMongoDB_MethodsReturnWhatAppServicesReturned(t *testing.T) {
	change := database(t)
	for _, tt := range []struct{ name, body, want string }{
		{"insertOne", `const r = await c.insertOne({a: 1}); return [r.insertedId instanceof BSON.ObjectId, (await c.findOne({_id: r.insertedId})).a]`, `[true,1]`},
		{"insertOne with an _id", `return await c.insertOne({_id: "u1"})`, `{"insertedId":"u1"}`},
		{"insertOne, the _id first", `await c.insertOne({a: 1, b: 2}); return Object.keys(await c.findOne())`, `["_id","a","b"]`},
		{"insertMany", `return await c.insertMany([{_id: 1}, {_id: 2}])`, `{"insertedIds":[1,2]}`},
		{"findOne without a match", `return await c.findOne({a: 1})`, `null`},
		{"findOne with a projection", `await c.insertOne({_id: 1, a: 1, b: 2}); return await c.findOne({a: 1}, {b: 1, _id: 0})`, `{"b":2}`},
		{"find", `await three(); return await c.find({a: {$gt: 1}}).toArray()`, `[{"_id":2,"a":2},{"_id":3,"a":3}]`},
		{"find, sorted, skipped and limited", `await three(); return await c.find().sort({a: -1}).skip(1).limit(1).toArray()`, `[{"_id":2,"a":2}]`},
		{"a cursor's next", `await three(); const all = c.find({}, {_id: 0}).sort({a: 1}), got = []; for (let d; (d = await all.next()) !== undefined;) got.push(d.a); return got`, `[1,2,3]`},
		{"next over more than one read", `await c.insertMany(Array.from({length: 250}, (_, i) => ({_id: i}))); const all = c.find().sort({_id: 1}).limit(240); let n = 0; while (await all.hasNext()) n += (await all.next())._id; return n`, `28680`},
		{"updateOne", `await three(); return [await c.updateOne({a: {$gt: 1}}, {$set: {b: 1}}), await c.countDocuments({b: 1})]`, `[{"matchedCount":1,"modifiedCount":1},1]`},
		{"updateOne, upserted", `return await c.updateOne({_id: "u"}, {$set: {lastLogin: new Date(0)}}, {upsert: true})`, `{"matchedCount":0,"modifiedCount":0,"upsertedId":"u"}`},
		{"updateOne without a match", `return await c.updateOne({_id: "u"}, {$set: {a: 1}})`, `{"matchedCount":0,"modifiedCount":0}`},
		{"updateMany", `await three(); return await c.updateMany({}, {$inc: {a: 1}})`, `{"matchedCount":3,"modifiedCount":3}`},
		{"replaceOne", `await three(); return [await c.replaceOne({_id: 1}, {b: 1}), await c.findOne({_id: 1})]`, `[{"matchedCount":1,"modifiedCount":1},{"_id":1,"b":1}]`},
		{"deleteOne", `await three(); return [await c.deleteOne({}), await c.count()]`, `[{"deletedCount":1},2]`},
		{"deleteMany", `await three(); return await c.deleteMany({a: {$lt: 3}})`, `{"deletedCount":2}`},
		{"countDocuments", `await three(); return [await c.countDocuments(), await c.countDocuments({a: 1}), await c.countDocuments({a: 9}), await c.count({a: {$gt: 1}})]`, `[3,1,0,2]`},
		{"aggregate", `await three(); return await c.aggregate([{$match: {a: {$gt: 1}}}, {$group: {_id: null, sum: {$sum: "$a"}}}]).toArray()`, `[{"_id":null,"sum":5}]`},
		{"aggregate's next", `await three(); return (await c.aggregate([{$sort: {a: -1}}]).next()).a`, `3`},
		{"findOneAndUpdate", `await three(); return [await c.findOneAndUpdate({_id: 1}, {$set: {a: 7}}), await c.findOneAndUpdate({_id: 1}, {$inc: {a: 1}}, {returnNewDocument: true})]`, `[{"_id":1,"a":1},{"_id":1,"a":8}]`},
		{"findOneAndUpdate without a match", `return await c.findOneAndUpdate({_id: 1}, {$set: {a: 7}})`, `null`},
		{"findOneAndUpdate, upserted once", `const once = () => c.findOneAndUpdate({_id: "u"}, {$setOnInsert: {n: 1}}, {upsert: true, returnNewDocument: true}); return [await once(), await once()]`, `[{"_id":"u","n":1},{"_id":"u","n":1}]`},
		{"findOneAndReplace", `await three(); return await c.findOneAndReplace({_id: 1}, {b: 1}, {returnNewDocument: true})`, `{"_id":1,"b":1}`},
		{"findOneAndDelete", `await three(); return [await c.findOneAndDelete({}, {sort: {a: -1}}), await c.count()]`, `[{"_id":3,"a":3},2]`},
		{"bulkWrite", `return [await c.bulkWrite([{insertOne: {document: {_id: 1}}}, {updateOne: {filter: {_id: 1}, update: {$set: {a: 1}}}}, {updateMany: {filter: {_id: 2}, update: {$set: {a: 2}}, upsert: true}}, {replaceOne: {filter: {_id: 1}, replacement: {b: 1}}}, {deleteOne: {filter: {_id: 2}}}]), await c.find().toArray()]`, `[null,[{"_id":1,"b":1}]]`},
		{"a duplicate key", `await c.insertOne({_id: 1}); try { await c.insertOne({_id: 1}) } catch (e) { return [e.code, e instanceof Error, e.name, e.message.includes("E11000")] }`, `[11000,true,"MongoError",true]`},
		{"a duplicate key by upsert", `await c.insertOne({_id: 1}); try { await c.updateOne({_id: 1, a: 1}, {$set: {b: 1}}, {upsert: true}) } catch (e) { return e.code }`, `11000`},
		{"a command that MongoDB refuses", `try { await c.updateOne({}, {$nonsense: {a: 1}}) } catch (e) { return [typeof e.code, e.name] }`, `["number","MongoError"]`},
		{"undefined in a query", `await three(); try { await c.deleteMany({a: {b: undefined}}) } catch (e) { return [e.name, await c.count()] }`, `["TypeError",3]`},
		{"a delete without a query", `await three(); try { await c.deleteMany() } catch (e) { return [e.name, await c.count()] }`, `["TypeError",3]`},
		{"an update without operators", `await three(); try { await c.updateOne({_id: 1}, {a: 5}) } catch (e) { return [e.name, await c.count({a: 1})] }`, `["TypeError",1]`},
		{"a missing await", `try { await c.insertOne({a: c.findOne()}) } catch (e) { return e.message }`, `"got a promise instead of a value: is an await missing?"`},
		{"an insert that is not awaited", `c.insertOne({_id: 1}); return 0`, `0`},
		{"a promise that is awaited later", `const r = three(); await r; return c.count()`, `3`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			app := open(t, `exports = async () => {
	const c = context.services.get("mongodb-atlas").db("appfunc").collection(context.environment.tag);
	const three = () => c.insertMany([{_id: 1, a: 1}, {_id: 2, a: 2}, {_id: 3, a: 3}]);
	return JSON.stringify(await (async () => {`+tt.body+`})());
}`, change)
			got, err := call(t, app)
			var text string
			if err == nil {
				err = json.Unmarshal([]byte(got), &text)
			}
			if err != nil || text != tt.want {
				t.Errorf("got %s, %v; want %s", text, err, tt.want)
				explain(t, err)
			}
		})
	}
}

func TestMongoDB_StoresEveryTypeUnchanged(t *testing.T) {
	app := open(t, `exports = async (v) => {
	const c = context.services.get("mongodb-atlas").db("appfunc").collection(context.environment.tag);
	const { insertedId } = await c.insertOne({v});
	return (await c.findOne({_id: insertedId})).v;
}`, database(t))
	for _, v := range []string{
		`{"$oid":"5f1f216e82df4a7979f9da93"}`, `{"$numberLong":"9223372036854775807"}`, `{"$numberLong":"13"}`, `{"$numberDouble":"1.5"}`,
		`{"$date":{"$numberLong":"1583167607977"}}`, `{"$binary":{"base64":"AP8=","subType":"00"}}`, `null`, `true`, `"é"`,
		`[{"a":[]}]`, `{"$regularExpression":{"pattern":"^a","options":"i"}}`, `{"$timestamp":{"t":1,"i":2}}`,
	} {
		app := app
		if got, err := call(t, app, v); err != nil || got != v {
			t.Errorf("got %s, %v; want %s", got, err, v)
			explain(t, err)
		}
	}
}

func TestMongoDB_FiftyConcurrentCallsInsertOneDocument(t *testing.T) {
	app := open(t, `exports = async (user) => {
	const c = context.services.get("mongodb-atlas").db("appfunc").collection(context.environment.tag);
	try { await c.insertOne({_id: user.id}); return "inserted" } catch (e) { if (e.code !== 11000) throw e; return "duplicate" }
}`, database(t))
	var wait sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]int{}
	for range 50 {
		wait.Go(func() {
			got, err := app.Call(t.Context(), functions.Call{Function: "f", Args: []json.RawMessage{[]byte(`{"id":"u1"}`)}})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			answers[string(got)]++
		})
	}
	wait.Wait()
	if answers[`"inserted"`] != 1 || answers[`"duplicate"`] != 49 {
		t.Errorf("got %v, want 1 inserted and 49 duplicate", answers)
	}
}

func TestMongoDB_ErrorHidesTheAddress(t *testing.T) {
	app := open(t, `exports = () => context.services.get("mongodb-atlas").db("a").collection("b").findOne()`, func(o *functions.Options) { o.Database = unreachable{} })
	_, err := call(t, app)
	var e *functions.Error
	if !errors.As(err, &e) || e.Message != "MongoDB did not answer" {
		t.Errorf("got %v, want the message %q without the address", err, "MongoDB did not answer")
	}
}

// FerretDB does not have these commands, so the test compares the command that
// MongoDB would get.
func TestMongoDB_SendsCommandsThatFerretDBDoesNotHave(t *testing.T) {
	for _, tt := range []struct{ method, want string }{
		{`distinct("a", {b: 1})`, `{"distinct":"c","key":"a","query":{"b":{"$numberLong":"1"}}}`},
		{`findOneAndUpdate({a: 1}, {$set: {b: true}}, {projection: {_id: 0}, sort: {a: -1}})`,
			`{"findAndModify":"c","query":{"a":{"$numberLong":"1"}},"writeConcern":{"w":"majority"},"update":{"$set":{"b":true}},"new":false,"upsert":false,"sort":{"a":{"$numberLong":"-1"}},"fields":{"_id":{"$numberLong":"0"}}}`},
		{`updateOne({}, {$set: {"a.$[x]": null}}, {arrayFilters: [{x: "y"}], collation: {locale: "de"}})`,
			`{"update":"c","updates":[{"q":{},"u":{"$set":{"a.$[x]":null}},"multi":false,"arrayFilters":[{"x":"y"}],"collation":{"locale":"de"}}],"writeConcern":{"w":"majority"}}`},
		{`aggregate([{$match: {}}, {$merge: "d"}]).toArray()`,
			`{"aggregate":"c","pipeline":[{"$match":{}},{"$merge":"d"}],"cursor":{"batchSize":{"$numberLong":"10001"}},"writeConcern":{"w":"majority"}}`},
	} {
		var sent recorder
		app := open(t, `exports = () => context.services.get("mongodb-atlas").db("d").collection("c").`+tt.method, func(o *functions.Options) { o.Database = &sent })
		if _, err := call(t, app); err != nil || string(sent) != tt.want {
			t.Errorf("%s sent %s, %v; want %s", tt.method, sent, err, tt.want)
			explain(t, err)
		}
	}
}

// A recorder is a database that keeps the last command.
type recorder json.RawMessage

func (r *recorder) Command(_ context.Context, _ string, command json.RawMessage) (json.RawMessage, error) {
	*r = recorder(command)
	return json.RawMessage(`{"ok":1,"cursor":{"id":0,"firstBatch":[]},"values":[],"n":0,"nModified":0}`), nil
}

type unreachable struct{}

func (unreachable) Command(context.Context, string, json.RawMessage) (json.RawMessage, error) {
	return nil, errors.New("10.1.2.3: connection refused")
}
