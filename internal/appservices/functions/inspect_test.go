package functions_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/appservices/functions"
)

func inspect(t *testing.T, in functions.Inspection) (lines []string) {
	t.Helper()
	found, err := functions.Inspect(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, missing := range found {
		lines = append(lines, missing.String())
	}
	return lines
}

func TestInspect_NamesWhatIsMissingWithItsPlace(t *testing.T) {
	const client = "const client = context.services.get('mongodb-atlas');\n"
	for _, tt := range []struct{ name, source, want string }{
		{"a global", "exports = async () => {\n  return await fetch('https://api.example.com');\n}", "f.js:2:16: fetch is not there: send the request with context.http"},
		{"a class", "exports = () => new URLSearchParams()", "f.js:1:21: URLSearchParams is not there: "},
		{"a module", "const axios = require('axios');", "f.js:1:15: require(\"axios\"): Node and npm modules are not available"},
		{"a module in a template", "exports = () => require(`axios`)", "f.js:1:17: require(\"axios\"): "},
		{"a method of utils", "exports = () => utils.crypto.scrypt('a')", "f.js:1:17: utils.crypto.scrypt is not there: "},
		{"a part of utils", "exports = () => utils.mail.send('a')", "f.js:1:17: utils.mail is not there: "},
		{"a member of context", "exports = () => context.http.options({})", "f.js:1:17: context.http.options is not there: "},
		{"a type of BSON", "exports = () => new BSON.Timestamp(1)", "f.js:1:21: BSON.Timestamp is not there: "},
		{"a method of Intl", "exports = () => new Intl.PluralRules('en')", "f.js:1:21: Intl.PluralRules is not there: "},
		{"a method of the console", "exports = () => console.table([])", "f.js:1:17: console.table is not there: "},
		{"a static method", "exports = () => Promise.nothing()", "f.js:1:17: Promise.nothing is not there: "},
		{"a method of a collection", "exports = () => context.services.get('mongodb-atlas').db('d').collection('c').watch()", "f.js:1:17: context.services.get().db().collection().watch is not there: change streams"},
		{"a method of a collection in a variable", client + "const users = client.db('d').collection('c');\nexports = () => users.initializeOrderedBulkOp()", "f.js:3:17: users.initializeOrderedBulkOp is not there: "},
		{"a method of a cursor", client + "exports = () => client.db('d').collection('c').find({}).sort({a: 1}).explain()", "f.js:2:17: client.db().collection().find().sort().explain is not there: "},
		{"a method of a session", client + "exports = () => { const session = client.startSession(); session.advance() }", "f.js:2:58: session.advance is not there: "},
		{"another kind of service", "exports = () => context.services.get('twilio').send({to: 'a'})", "f.js:1:17: context.services.get().send is not there: the only service is the database"},
		{"code from text", "exports = () => eval('1')", "f.js:1:17: eval runs code from strings"},
		{"code from text, as a constructor", "exports = () => new Function('return 1')", "f.js:1:21: Function runs code from strings"},
		{"a source that does not compile", "exports = async () => {\n  for await (const x of []) {}\n}", "f.js:2:7: it does not compile: "},
		{"a source with two faults", "exports = () => { Buffer.from('a'); process.env.A }", "f.js:1:19: Buffer is not there: use BSON.Binary\nf.js:1:37: process is not there: use context.values or context.environment"},
		{"the same twice in two lines", "exports = () => {\n  fetch(1);\n  fetch(2) }", "f.js:2:3: fetch is not there: send the request with context.http, and list the host in functions.hosts\nf.js:3:3: fetch"},
		{"in a class, a loop and a pattern", "class A { b() { for (const { c = atob('a') } of []) c } }", "f.js:1:34: atob is not there: "},
	} {
		got := strings.Join(inspect(t, functions.Inspection{Functions: map[string]string{"f": tt.source}}), "\n")
		if !strings.HasPrefix(got, tt.want) || strings.Count(got, "\n") != strings.Count(tt.want, "\n") {
			t.Errorf("%s:\n%s\ngot\n%s\nwant\n%s", tt.name, tt.source, got, tt.want)
		}
	}
}

// A report about something that works would make operators ignore the others.
func TestInspect_KeepsQuietAboutWhatWorks(t *testing.T) {
	for name, source := range map[string]string{
		"the documented creation function":  documented,
		"what App Services had":             "exports = async ({ user, time }) => { const { id, ...rest } = user; console.log(id, EJSON.stringify(rest), JSON.stringify(time)); return [utils.crypto.hash('sha256', id).toHex(), utils.jwt.encode('HS256', { id }, context.values.get('secret')), new BSON.ObjectId(), BSON.Binary.fromHex('00'), context.environment.values.anything, context.environment.tag, context.user.custom_data.any.thing, context.request.remoteIPAddress, context.app.name, (5).toLocaleString('en-US'), new Intl.NumberFormat('en-US'), await context.functions.execute('f', 1)] }",
		"a transaction":                     "exports = async () => { const client = context.services.get('mongodb-atlas'); const session = client.startSession(); try { await session.withTransaction(async () => { await client.db('d').collection('c').insertOne({ a: 1 }, { session }) }) } finally { await session.endSession() } }",
		"globals of its own":                "const fetch = (url) => context.http.get({ url });\nfunction helper() { return fetch('a') } class Local {} exports = () => [helper(), new Local()]",
		"a global without a declaration":    "exports = function () { db = context.services.get('mongodb-atlas').db('d'); return db.collection('c').findOne() }",
		"a name that is asked for":          "exports = () => typeof Buffer === 'undefined' ? 1 : Buffer.from('a')",
		"a member that is asked for":        "exports = () => { if (typeof context.http.options === 'function') context.http.options() }",
		"a member of its own":               "Array.last = (a) => a[a.length - 1]; String.prototype.twice = function () { return this + this }; exports = () => [Array.last([1]), 'a'.twice()]",
		"an optional chain":                 "exports = () => context.services?.nothing?.get('a')",
		"a parameter named like a client":   "const users = context.services.get('mongodb-atlas').db('d').collection('c'); const f = (users) => users.forEach((u) => u.anything()); exports = async () => f(await users.find().toArray())",
		"a variable with two meanings":      "let x = context.services.get('mongodb-atlas'); x = { anything() {} }; exports = () => x.anything()",
		"a label, arguments and new.target": "exports = function () { outer: for (;;) { break outer } return [arguments.length, new.target, this] }",
		"properties and methods":            "exports = () => ({ fetch: 1, Buffer() { return this.process }, get window() { return 1 } }).fetch",
		"a getter that throws":              "exports = () => Map.prototype.size",
		"prototypes":                        "exports = () => Object.prototype.hasOwnProperty.call({}, 'a') && Array.prototype.slice.call([])",
		"catch":                             "exports = () => { try { null.a } catch (err) { return err.message } }",
	} {
		if got := inspect(t, functions.Inspection{Functions: map[string]string{"f": source}}); len(got) > 0 {
			t.Errorf("%s: got %v, want nothing, in\n%s", name, got, source)
		}
	}
}

func TestInspect_LooksAtWhatIsCalled(t *testing.T) {
	all := map[string]string{
		"create": `exports = () => context.functions.execute("mail", 1)`, "mail": `exports = () => fetch("a")`,
		"other": `exports = () => fetch("b")`, "any": `exports = (name) => context.functions.execute(name)`,
	}
	for _, tt := range []struct {
		called []string
		want   string
	}{
		{nil, "mail.js other.js"}, {[]string{"create"}, "mail.js"}, {[]string{"other", "create"}, "mail.js other.js"},
		{[]string{"any"}, "mail.js other.js"}, {[]string{"gone"}, ""}, {[]string{}, ""},
	} {
		var files []string
		for _, line := range inspect(t, functions.Inspection{Functions: all, Called: tt.called}) {
			file, _, _ := strings.Cut(line, ":")
			files = append(files, file)
		}
		if got := strings.Join(files, " "); got != tt.want {
			t.Errorf("called %q: got reports about %q, want %q", tt.called, got, tt.want)
		}
	}
}

func TestInspect_KnowsTheNamesOfTheDatabase(t *testing.T) {
	source := map[string]string{"f": `exports = () => context.services.get("other").db("d").collection("c").findOne()`}
	if got := inspect(t, functions.Inspection{Functions: source, Services: []string{"other"}}); len(got) > 0 {
		t.Errorf("a service that is configured: got %v, want nothing", got)
	}
	got := inspect(t, functions.Inspection{Functions: source, Services: []string{"mongodb-atlas"}})
	if len(got) != 1 || !strings.Contains(got[0], `f.js:1:17: the service "other" is not there`) {
		t.Errorf("a service that is not configured: got %v, want it named", got)
	}
}

// Each call of a chain once doubled the time, so that 24 took longer than the limit of 20 s.
func TestInspect_ReadsLongChains(t *testing.T) {
	source := `exports = (text) => text` + strings.Repeat(`.replace("a", "b")`, 200) + `.at(fetch)`
	got := inspect(t, functions.Inspection{Functions: map[string]string{"f": source}})
	if len(got) != 1 || !strings.Contains(got[0], "fetch is not there") {
		t.Errorf("a chain of 200 calls: got %v, want the name in its last call", got)
	}
}
