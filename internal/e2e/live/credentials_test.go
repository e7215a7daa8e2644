package live_test

import (
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// bcryptHash is what no log and, with drop, no token may have.
const bcryptHash = "$2b$12$Kx0jIxTYwzJ8vZkq9bUOueR1m4cN7eV0aSdFgHjKlZxCvBnM1Q2W3"

var credentialsDocument = bson.D{
	{Key: "id", Value: "anna"}, {Key: "city", Value: "Wien"}, {Key: "passwordHash", Value: bcryptHash},
	{Key: "profile", Value: bson.D{{Key: "apiKey", Value: 4711}, {Key: "old", Value: bson.A{bcryptHash, "kept"}}}},
	{Key: "by_address", Value: bson.D{{Key: "anna@localhost", Value: bson.D{{Key: "resetToken", Value: "r"}}}}},
}

// Law H7, and a reload changes the setting at once, for cached documents too.
func TestCredentials_StayOutOfTokens(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	insert(t, uri, credentialsDocument)
	l := start(t, fmt.Sprintf(`backend: BACKEND
rules:
  - {match: POST /, tokens: ["json:token"]}
verify: {secret_file: secret}
claim: {exclude: [_id]}
documents:
  mongodb: {uri: %q, database: app, collection: users, timeout: 10s}
  user_id_field: id
`, uri), "")

	const all = `"passwordHash":"` + bcryptHash + `","profile":{"apiKey":4711,"old":["` + bcryptHash + `","kept"]},"by_address":{"anna@localhost":{"resetToken":"r"}}}`
	claim := "claim: {exclude: [_id]}"
	for _, step := range []struct{ claim, want string }{
		{claim, `{"id":"anna","city":"Wien","profile":{"old":["kept"]},"by_address":{"anna@localhost":{}}}`},
		{"claim: {include: [city, passwordHash]}", `{"city":"Wien","passwordHash":"` + bcryptHash + `"}`},
		{"claim: {include: [city, profile]}", `{"city":"Wien","profile":{"old":["kept"]}}`},
		{"claim: {exclude: [_id], credentials: warn}", `{"id":"anna","city":"Wien",` + all},
		{"claim: {exclude: [_id], credentials: allow}", `{"id":"anna","city":"Wien",` + all},
		{"claim: {exclude: [_id], credentials: drop}", `{"id":"anna","city":"Wien","profile":{"old":["kept"]},"by_address":{"anna@localhost":{}}}`},
	} {
		if step.claim != claim {
			l.Reconfigure(t, claim, step.claim)
			claim = step.claim
		}
		for range 2 { // from MongoDB, then from the cache
			if claims := l.logIn("/login"); !strings.Contains(claims, `"custom_data":`+step.want+`,"`) && !strings.Contains(claims, `"custom_data":`+step.want+`}`) {
				t.Errorf("%s: claims\n%s, want custom_data\n%s", step.claim, claims, step.want)
			}
		}
	}

	for line, want := range map[string]int{
		`"field":"passwordHash"`:             2, // drop, warn
		`"field":"profile.apiKey"`:           3, // and include: [profile]
		`"field":"by_address.*.resetToken"`:  2,
		`is left out of tokens","field":"pa`: 1,
		`every client and verifier can read`: 4,
		bcryptHash:                           0,
		"anna@localhost":                     0,
	} {
		if n := l.Log.Count(line); n != want {
			t.Errorf("the log has %d times %s, want %d:\n%s", n, line, want, l.Log)
		}
	}
	metrics := l.Admin.Get(t, "/metrics")
	for _, want := range []string{`tokengraft_credentials_total{action="dropped"} 6`, `tokengraft_credentials_total{action="embedded"} 4`} {
		if !strings.Contains(metrics, "\n"+want+"\n") {
			t.Errorf("got the metrics\n%s\nwant %s", metrics, want)
		}
	}
}

// App Services embedded the whole document, so its preset only warns.
func TestCredentials_AreEmbeddedByThePresetOfAppServices(t *testing.T) {
	t.Parallel()
	for more, embedded := range map[string]bool{"": true, "claim: {credentials: drop}\n": false} {
		configuration := strings.Replace(configuration, "rules:", "preset: app-services\n"+more+"rules:", 1)
		l := start(t, configuration, "")
		l.Write(t, "users.json", `[{"id":"anna","password":"hunter2"}]`)
		claims := l.logIn("/login")
		if got := strings.Contains(claims, `"user_data":{"id":"anna","password":"hunter2"}`); got != embedded {
			t.Errorf("%q: claims %s, want the password in it: %v", more, claims, embedded)
		}
		if got := l.Log.Count("every client and verifier can read") == 1; got != embedded || l.Log.Count("hunter2") > 0 {
			t.Errorf("%q: log %s, want a warning: %v, and no password", more, l.Log, embedded)
		}
	}
}

func insert(t *testing.T, uri string, document bson.D) {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(t.Context())
	if _, err := client.Database("app").Collection("users").InsertOne(t.Context(), document); err != nil {
		t.Fatal(err)
	}
}
