package appservices_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A dialect is how one SDK writes its requests. The facts are from the sources of the SDKs;
// only realm-web was also run. All other SDKs send their requests through realm-core.
type dialect struct {
	name, source string
	web          bool   // writes requests as realm-web does, and not as realm-core
	device       string // options.device of a login
	// Arguments of methods, without database and collection. Empty if the SDK does not
	// have the method.
	findOne, find, count, insert, update, findAndUpdate, aggregate, remove string
	// Arguments of a function with a text and the number 2.
	function string
}

const (
	own    = `"query":{"user_account_id":%[1]q}`
	long1  = `{"$numberLong":"1"}`
	set    = `"update":{"$set":{"color":"green"}}`
	insert = `"document":{"user_account_id":%[1]q,"color":"red"}`
	match  = `"pipeline":[{"$match":{"color":"green"}},{"$limit":{"$numberInt":"1"}}]`
)

// core is what realm-core's own client of the data access sends:
// src/realm/object-store/sync/mongo_collection.cpp. Swift, Java and C++ use it.
var core = dialect{
	findOne: own, find: own + `,"limit":` + long1 + `,"project":{"color":{"$numberInt":"1"}},"sort":{"color":{"$numberInt":"1"}}`,
	count: own + `,"limit":` + long1, insert: insert, update: own + `,` + set + `,"upsert":false`,
	findAndUpdate: `"filter":{"user_account_id":%[1]q},` + set + `,"returnNewDocument":true`,
	aggregate:     match, remove: own, function: `["Anna",{"$numberInt":"2"}]`,
}

// as returns a dialect under the name of an SDK.
func (d dialect) as(sdk, source string) dialect {
	d.name, d.source = sdk, source
	d.device = fmt.Sprintf(`{"appId":"myapp-abcde","bundleId":"com.example.app","cpuArch":"arm64","deviceName":"phone","deviceVersion":"1","frameworkName":"","frameworkVersion":"","platform":"OS","platformVersion":"17","sdk":%q,"sdkVersion":"1"}`, sdk)
	return d
}

// with returns a dialect in which methods have other arguments.
func (d dialect) with(change func(*dialect)) dialect {
	change(&d)
	return d
}

var dialects = []dialect{
	{
		name: "realm-web", source: "realm-js 1e15df6a, packages/realm-web 2.0.1: FunctionsFactory.ts, Fetcher.ts, MongoDBCollection.ts", web: true,
		device:  `{"sdkVersion":"2.0.1","platform":"node","platformVersion":"20.20.2"}`,
		findOne: own, find: own + `,"project":{"color":{"$numberInt":"1"}},"sort":{"color":{"$numberInt":"1"}},"limit":{"$numberInt":"1"}`,
		count: own + `,"limit":{"$numberInt":"1"}`, insert: insert, update: own + `,` + set,
		findAndUpdate: `"filter":{"user_account_id":%[1]q},` + set + `,"returnNewDocument":true`,
		aggregate:     match, remove: own, function: `["Anna",{"$numberInt":"2"}]`,
	},
	core.as("Node and React Native", "realm-js 1e15df6a, packages/realm 12.15.0: app-services/MongoDBCollection.ts, User.ts").with(func(d *dialect) {
		d.find = own + `,"project":{"color":{"$numberInt":"1"}},"sort":{"color":{"$numberInt":"1"}},"limit":{"$numberInt":"1"}`
		d.count, d.update = own+`,"limit":{"$numberInt":"1"}`, own+`,`+set
	}),
	core.as("Android (Java)", "realm-core f8752e180: mongo_collection.cpp, through realm-java"),
	core.as("iOS (Swift)", "realm-swift 7ee1b5ff: RLMMongoCollection.mm; realm-core f8752e180: mongo_collection.cpp"),
	core.as("Android (Kotlin)", "realm-kotlin cd6cc639: MongoCollectionImpl.kt, FunctionsImpl.kt").with(func(d *dialect) {
		d.findAndUpdate = `"filter":{"user_account_id":%[1]q},` + set + `,"upsert":false,"returnNewDocument":true`
		d.count = `"limit":` + long1
	}),
	core.as(".NET", "realm-dotnet 8b5d1e75: MongoClient.cs, User.cs").with(func(d *dialect) {
		d.findOne, d.count = `"sort":{"color":{"$numberInt":"1"}}`, `"limit":`+long1
		d.find = own + `,"project":{"color":{"$numberInt":"1"}},"sort":{"color":{"$numberInt":"1"}},"limit":` + long1
		d.findAndUpdate = `"filter":{"user_account_id":%[1]q},` + set + `,"upsert":false,"returnNewDocument":true`
	}),
	{name: "Flutter", source: "realm-dart 3d777ea6: user_handle.dart. It has no data access, and writes plain JSON", function: `["Anna",2]`, device: core.as("Flutter", "").device},
}

// A client sends requests as one SDK does.
type client struct {
	dialect
	sdk
}

// ask sends a request with the headers of the SDK.
func (c *client) ask(method, path, bearer, body string) e2e.Reply {
	c.t.Helper()
	lines := []string{"Accept: application/json"}
	switch {
	case !c.web:
		lines = append(lines, "Content-Type: application/json;charset=utf-8")
	case body != "":
		lines = append(lines, "Content-Type: application/json")
	}
	if bearer != "" {
		lines = append(lines, "Authorization: Bearer "+bearer)
	}
	return c.at.Ask(c.t, method, clientAPI+path, body, lines...)
}

// logIn sends the requests of a login: location, login and profile.
func (c *client) logIn(user string) {
	c.t.Helper()
	var location struct{ Hostname string }
	decode(c.t, c.ask(http.MethodGet, "/app/myapp-abcde/location", "", ""), &location)
	c.at = e2e.Address(strings.TrimPrefix(location.Hostname, "http://"))
	var login struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		User    string `json:"user_id"`
		Device  string `json:"device_id"`
	}
	decode(c.t, c.ask(http.MethodPost, "/app/myapp-abcde/auth/providers/local-userpass/login", "",
		fmt.Sprintf(`{"username":%q,"password":"secret","options":{"device":%s}}`, user, c.device)), &login)
	if login.Access == "" || login.Refresh == "" || login.Device == "" {
		c.t.Fatalf("login: got %+v, want both tokens and a device", login)
	}
	c.access, c.refresh, c.userID = login.Access, login.Refresh, login.User
	var profile struct{ Type string }
	if decode(c.t, c.ask(http.MethodGet, "/auth/profile", c.access, ""), &profile); profile.Type != "normal" {
		c.t.Fatalf("profile: got %+v, want the type normal", profile)
	}
}

// refreshes gets a new access token.
func (c *client) refreshes() {
	c.t.Helper()
	var session struct {
		Access string `json:"access_token"`
	}
	if decode(c.t, c.ask(http.MethodPost, "/auth/session", c.refresh, ""), &session); session.Access == "" {
		c.t.Fatal("refresh: got no access token")
	}
	c.access = session.Access
}

// call calls a function, or with a service, a method of it.
func (c *client) call(name, arguments, service string) e2e.Reply {
	c.t.Helper()
	body := fmt.Sprintf(`{"arguments":%s,"name":%q%s}`, arguments, name, service)
	if c.web {
		body = fmt.Sprintf(`{"name":%q,"arguments":%s%s}`, name, arguments, service)
	}
	return c.ask(http.MethodPost, "/app/myapp-abcde/functions/call", c.access, body)
}

// method calls a method of the collection. %[1]q in its arguments is the id of the user.
func (c *client) method(name, arguments string) e2e.Reply {
	c.t.Helper()
	if strings.Contains(arguments, "%[1]") {
		arguments = fmt.Sprintf(arguments, c.userID)
	}
	return c.call(name, `[{"database":"myapp","collection":"users",`+arguments+`}]`, `,"service":"mongodb-atlas"`)
}
