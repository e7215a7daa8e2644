package live_test

import (
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// Without a change stream nothing shows that a document was inserted, so the sidecar must
// ask at each login of a user who had none.
func TestSignUp_NextLoginHasTheDocument(t *testing.T) {
	t.Parallel()
	wantPlain := func(t *testing.T, l *live) {
		t.Helper()
		for range 2 {
			if claims := l.logIn("/login"); strings.Contains(claims, "Linz") {
				t.Fatalf("a login before the sign-up: got claims %s, want no document", claims)
			}
		}
	}
	wantDocument := func(t *testing.T, l *live) {
		t.Helper()
		if claims := l.logIn("/login"); !strings.Contains(claims, "Linz") {
			t.Errorf("the first login after the sign-up: got claims %s, want the document", claims)
		}
	}
	t.Run("file", func(t *testing.T) {
		l := start(t, configuration, "")
		l.Write(t, "users.json", "[]")
		wantPlain(t, l)
		l.Write(t, "users.json", `[{"id":"anna","city":"Linz"}]`)
		wantDocument(t, l)
	})
	t.Run("ferretdb", func(t *testing.T) {
		address, _ := startCountedMongo(t)
		collection := enrichtest.Connect(t, "mongodb://"+address).Database("app").Collection("users")
		l := start(t, strings.Replace(fmt.Sprintf(mongoConfig, address), "user_id_field: id", "user_id_field: name", 1), "")
		wantPlain(t, l)
		if _, err := collection.InsertOne(t.Context(), bson.D{{Key: "name", Value: "anna "}}); err != nil {
			t.Fatal(err)
		}
		wantPlain(t, l)
		if _, err := collection.InsertOne(t.Context(), bson.D{{Key: "name", Value: "anna"}, {Key: "city", Value: "Linz"}}); err != nil {
			t.Fatal(err)
		}
		wantDocument(t, l)
	})
}

// A warning says why a user has no document, without their id.
func TestNearMiss_IsInTheLog(t *testing.T) {
	t.Parallel()
	address, _ := startCountedMongo(t)
	collection := enrichtest.Connect(t, "mongodb://"+address).Database("app").Collection("users")
	if _, err := collection.InsertOne(t.Context(), bson.D{{Key: "name", Value: " anna"}}); err != nil {
		t.Fatal(err)
	}
	l := start(t, strings.Replace(fmt.Sprintf(mongoConfig, address), "user_id_field: id", "user_id_field: name", 1), "")
	line := l.Log.After(t, "whose id is nearly theirs", func() { l.logIn("/login") })
	for _, want := range []string{`"claim":"sub"`, `"field":"name"`, `"in_document":"string"`, "No setting makes these ids equal"} {
		if !strings.Contains(line, want) {
			t.Errorf("the warning is %s, want %s in it", line, want)
		}
	}
	if strings.Contains(line, "anna") {
		t.Errorf("the warning is %s, want no user id in it", line)
	}
}
