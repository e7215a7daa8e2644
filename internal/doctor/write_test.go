package doctor_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/doctor"
)

// newDocuments returns a collection on FerretDB with anna's document, and the settings for
// it.
func newDocuments(t *testing.T) (*mongo.Collection, string) {
	t.Helper()
	uri, _ := enrichtest.StartFerretDB(t)
	collection := enrichtest.NewCollection(t, uri)
	enrichtest.CreateUniqueIndex(t, collection, "user_account_id")
	if _, err := collection.InsertOne(t.Context(), bson.D{{Key: "user_account_id", Value: "62efedca3587e6e83c0fc675"}, {Key: "city", Value: "Wien"}}); err != nil {
		t.Fatal(err)
	}
	return collection, strings.Replace(settings, "file: users.json", fmt.Sprintf("mongodb: {uri: %q, database: %q, collection: %q, timeout: 5s}", uri, collection.Database().Name(), collection.Name()), 1)
}

// wantClean fails the test if the marker is still in the document.
func wantClean(t *testing.T, collection *mongo.Collection) {
	t.Helper()
	var document bson.M
	if err := collection.FindOne(context.Background(), bson.D{}).Decode(&document); err != nil {
		t.Fatal(err)
	}
	if _, marked := document[doctor.Marker]; marked || document["city"] != "Wien" {
		t.Errorf("the document is %v, want it as it was", document)
	}
}

func oauthLogin(t *testing.T) doctor.Request {
	login := request(t, "POST /oauth/token")
	login.Body = passwordGrant
	return login
}

// With Write, doctor sees that a refresh has what was written just before, and removes it.
func TestWrite_IsInTheNextToken(t *testing.T) {
	collection, settings := newDocuments(t)
	var announced []string
	found := world{settings: settings}.run(t, doctor.Options{Login: oauthLogin(t), Write: true, Announce: func(text string) { announced = append(announced, text) }})
	if got := found["write"]; got.Status != doctor.OK {
		t.Errorf("write: got %s %s, want ok. All:\n%s", got.Status, got.Text, show(found))
	}
	if want := "tokengraft_doctor to one document in tokengraft_test." + collection.Name(); len(announced) != 1 || !strings.Contains(announced[0], want) {
		t.Errorf("announced %q, want one text with %q", announced, want)
	}
	wantClean(t, collection)
}

// A refresh that the rule takes for a login gets the document from the cache.
func TestWrite_FindsARefreshWithStaleData(t *testing.T) {
	collection, settings := newDocuments(t)
	rules := "[{match: POST /oauth/token, tokens: [json:access_token], refresh: never}]"
	found := world{settings: settings, rules: rules}.run(t, doctor.Options{Login: oauthLogin(t), Write: true})
	got := found["write"]
	if want := "The rule POST /oauth/token must know this request as a refresh: set refresh: always"; got.Status != doctor.Fail || !strings.Contains(got.Hint, want) {
		t.Errorf("write: got %s %s, hint %q; want fail and %q. All:\n%s", got.Status, got.Text, got.Hint, want, show(found))
	}
	wantClean(t, collection)
}

// An interrupt between the write and the refresh does not leave the field behind.
func TestWrite_RemovesTheFieldAfterAnInterrupt(t *testing.T) {
	collection, settings := newDocuments(t)
	ctx, interrupt := context.WithCancel(t.Context())
	var requests atomic.Int32
	wrap := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			const loginRefreshRefresh = 3
			if r.URL.Path == "/oauth/token" && requests.Add(1) == loginRefreshRefresh {
				var document bson.M
				if err := collection.FindOne(context.Background(), bson.D{}).Decode(&document); err != nil || document[doctor.Marker] == nil {
					t.Errorf("the document is %v (%v), want the field %s while doctor refreshes", document, err, doctor.Marker)
				}
				interrupt()
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(w, r)
		})
	}
	o := world{settings: settings, wrap: wrap}.start(t, doctor.Options{Login: oauthLogin(t), Write: true})
	if err := doctor.Run(ctx, o, func(doctor.Finding) {}); err != context.Canceled {
		t.Errorf("Run, interrupted: got %v, want %v", err, context.Canceled)
	}
	wantClean(t, collection)
}

// Write says why it cannot run.
func TestWrite_IsSkippedWhereItMeansNothing(t *testing.T) {
	mongodb := strings.Replace(settings, "file: users.json", `mongodb: {uri: "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50", database: a, collection: b}`, 1)
	for _, test := range []struct{ settings, want, hint string }{
		{settings, "documents.file is read only", ""},
		{mongodb + "claim: {include: [city]}\n", "does not reach tokens", "Add tokengraft_doctor to claim.include"},
		{mongodb + "claim: {exclude: [tokengraft_doctor]}\n", "does not reach tokens", "claim.include"},
		{mongodb + "shadow: true\n", "shadow is on", ""},
	} {
		t.Run(test.want, func(t *testing.T) {
			t.Parallel()
			got := world{settings: test.settings}.run(t, doctor.Options{Login: oauthLogin(t), Write: true})["write"]
			if got.Status != doctor.Skipped || !strings.Contains(got.Text, test.want) || !strings.Contains(got.Hint, test.hint) {
				t.Errorf("write with %s: got %s %q, hint %q; want skipped, %q and %q", test.settings, got.Status, got.Text, got.Hint, test.want, test.hint)
			}
		})
	}
}
