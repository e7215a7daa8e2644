package appservices_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/internal/demo/appservices"
)

// The test logs in, writes a document, and calls refreshCustomData, link and logout at
// the address from the location request.
func TestSDK_WorksUnchanged(t *testing.T) {
	for algorithm, key := range map[string]signing{"HS256": hs256, "RS256": rs256(t)} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			users, documents := newCollection(t)
			s := start(t, key, documents)
			public := s.at
			s.logIn("anna@example.com")
			if s.at != public {
				t.Fatalf("location: got the address %s, want the sidecar's %s", s.at, public)
			}
			if data := s.customData(); data != nil {
				t.Errorf("a user without a document: got user_data %v, want none", data)
			}

			if _, err := users.InsertOne(t.Context(), bson.D{
				{Key: "_id", Value: bson.NewObjectID()}, {Key: "user_account_id", Value: s.userID},
				{Key: "name", Value: "Zoë"}, {Key: "visits", Value: int32(13)}, {Key: "since", Value: bson.DateTime(1660000000000)},
			}); err != nil {
				t.Fatal(err)
			}
			if status := s.refreshCustomData(); status != http.StatusCreated {
				t.Fatalf("refreshCustomData: got %d, want 201", status)
			}
			data := s.customData()
			if id, _ := data["_id"].(string); len(id) != 24 {
				t.Errorf("got _id %v, want 24 digits", data["_id"])
			}
			const want = "Zoë map[$numberInt:13] map[$date:map[$numberLong:1660000000000]]"
			if got := fmt.Sprintf("%v %v %v", data["name"], data["visits"], data["since"]); got != want {
				t.Errorf("user_data: got %s, want %s", got, want)
			}

			if _, err := users.UpdateOne(t.Context(), bson.D{{Key: "user_account_id", Value: s.userID}}, bson.D{{Key: "$set", Value: bson.D{{Key: "name", Value: "Ann"}}}}); err != nil {
				t.Fatal(err)
			}
			s.refreshCustomData()
			if name := s.customData()["name"]; name != "Ann" {
				t.Errorf("refreshCustomData after a write: got name %v, want Ann", name)
			}

			status, linked := s.send(http.MethodPost, "/app/myapp-abcde/auth/providers/api-key/login?link=true", s.access, `{"key":"k"}`)
			if status != http.StatusOK || linked["user_id"] != s.userID {
				t.Fatalf("link: got %d %v, want 200 and user_id %s", status, linked, s.userID)
			}
			s.access = linked["access_token"].(string)
			if name := s.customData()["name"]; name != "Ann" {
				t.Errorf("a linked login: got name %v, want Ann", name)
			}
			if status, _ := s.send(http.MethodDelete, "/auth/session", s.refresh, ""); status != http.StatusNoContent {
				t.Errorf("logout: got %d, want 204", status)
			}
			if status := s.refreshCustomData(); status != http.StatusUnauthorized {
				t.Errorf("a refresh after the logout: got %d, want the backend's 401", status)
			}
		})
	}
}

// A 401 would log the user out and delete their tokens.
func TestSDK_IsNotLoggedOutByAFailure(t *testing.T) {
	const unreachable = "documents: {mongodb: {uri: 'mongodb://127.0.0.1:1', database: myapp, collection: users}, user_id_field: user_account_id}\n"
	for policy, want := range map[string]int{"refuse": http.StatusServiceUnavailable, "pass": http.StatusCreated} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			s := start(t, hs256, unreachable+"on_failure: "+policy+"\nrules: [{match: 'POST /api/client/v2.0/app/{app}/auth/providers/local-userpass/login', tokens: ['json:access_token'], on_failure: pass}]\n")
			s.logIn("anna@example.com")
			for range 5 { // after some of these, the breaker is open
				if status := s.refreshCustomData(); status != want {
					t.Errorf("a refresh without MongoDB: got %d, want %d", status, want)
				}
			}
			if data := s.customData(); data != nil {
				t.Errorf("a token without MongoDB: got user_data %v, want none", data)
			}
		})
	}
}

// The redirect of an OAuth login has four values in one parameter.
func TestSDK_AcceptsTheRedirectOfAnOAuthLogin(t *testing.T) {
	t.Parallel()
	users, documents := newCollection(t)
	anna := appservices.Users["anna@example.com"]
	if _, err := users.InsertOne(t.Context(), bson.D{{Key: "user_account_id", Value: anna}}); err != nil {
		t.Fatal(err)
	}
	s := start(t, hs256, documents)
	reply := s.at.Ask(t, http.MethodGet, clientAPI+"/auth/callback?code=c&state=a", "")
	_, packed, _ := strings.Cut(reply.Header.Get("Location"), "&_baas_ua=")
	parts := strings.Split(packed, "$")
	if len(parts) != 4 {
		t.Fatalf("the redirect: got %d values, want 4", len(parts))
	}
	s.access, s.refresh = parts[0], parts[1]
	if s.customData()["user_account_id"] != anna || parts[2] != anna {
		t.Errorf("the redirect: got user_data %v and user %s, want %s in both", s.customData(), parts[2], anna)
	}
	if status := s.refreshCustomData(); status != http.StatusCreated {
		t.Errorf("a refresh with the token of the redirect: got %d, want 201", status)
	}
}
