package discover_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/discover"
)

// A database has documents by collection.
type database map[string][]string

// fill writes the documents to a new database, and returns its name.
func (d database) fill(t *testing.T, uri, name string) {
	t.Helper()
	client := enrichtest.Connect(t, uri)
	for collection, docs := range d {
		for _, text := range docs {
			var doc bson.D
			if err := bson.UnmarshalExtJSON([]byte(text), false, &doc); err != nil {
				t.Fatal(err)
			}
			if _, err := client.Database(name).Collection(collection).InsertOne(t.Context(), doc); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestMatchUsers_FindsClaimFieldAndType(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	oid := `{"$oid":"64b7f0aa5e1c2b3d4f5a6b7c"}`
	i := 0
	for name, tt := range map[string]struct {
		documents  database
		collection string
		claims     []string
		want       string // collection claim field type bson matched/tokens indexed
		note       string
	}{
		"ObjectId as text": {
			documents: database{"users": {`{"_id":` + oid + `,"name":"Anna"}`, `{"_id":{"$oid":"64b7f0aa5e1c2b3d4f5a6b7d"}}`}},
			claims:    []string{`{"sub":"64b7f0aa5e1c2b3d4f5a6b7c","email":"anna@example.com"}`},
			want:      "users sub _id  objectId 1/1 true",
		},
		"number in an object, another collection": {
			documents: database{"members": {`{"_id":1,"uid":4711}`, `{"_id":2,"uid":4712}`}, "orders": {`{"_id":4711}`}, "user_sessions": {`{"_id":4711,"uid":4711}`}},
			claims:    []string{`{"data":{"_id":4711,"role":"x"}}`, `{"data":{"_id":4712}}`},
			want:      `members data._id uid  int 2/2 false`,
			note:      `createIndex({"uid": 1})`,
		},
		"number for a string": {
			documents: database{"users": {`{"_id":"x","user_id":"7"}`}},
			claims:    []string{`{"user_id":7}`},
			want:      "users user_id user_id string string 1/1 false",
		},
		"a field with a name of its own": {
			documents: database{"accounts": {`{"_id":` + oid + `,"handle":"u-1","plan":"pro","city":"Wien"}`, `{"handle":"u-2","plan":"free","city":"Graz"}`}},
			claims:    []string{`{"sub":"u-1","city":"Wien"}`},
			want:      "accounts sub handle  string 1/1 false",
		},
		"not a counter": {
			documents: database{"users": {`{"_id":` + oid + `,"visits":3}`}},
			claims:    []string{`{"sub":"3"}`},
			want:      "users     0/0 false",
		},
		"an object in an object": { // JWT Authentication for WP REST API
			documents: database{"wp_users": {`{"ID":17}`, `{"ID":18}`}},
			claims:    []string{`{"data":{"user":{"id":"17"}}}`},
			want:      "wp_users data.user.id ID  int 1/1 false",
		},
		"several types": {
			documents: database{"users": {`{"uid":17}`, `{"uid":"18"}`}},
			claims:    []string{`{"uid":17}`},
			want:      "users uid uid  int 1/1 false",
			note:      "uid has several types: int (1), string (1). The claim uid finds only those with the type int",
		},
		"UUID": {
			documents: database{"users": {`{"_id":{"$binary":{"base64":"AAECAwQFBgcICQoLDA0ODw==","subType":"04"}}}`}},
			claims:    []string{`{"sub":"00010203-0405-0607-0809-0a0b0c0d0e0f"}`},
			want:      "users sub _id uuid uuid 1/1 true",
		},
		"sub before email": {
			documents: database{"users": {`{"_id":"1","email":"anna@example.com","external_id":"u-1"}`}},
			claims:    []string{`{"email":"anna@example.com","sub":"u-1"}`},
			want:      "users sub external_id  string 1/1 false",
			note:      "email = email",
		},
		"not the team": {
			documents: database{"users": {`{"_id":"1","team_id":"t","user_id":"u1"}`, `{"_id":"2","team_id":"t","user_id":"u2"}`}},
			claims:    []string{`{"sub":"u1","team_id":"t"}`},
			want:      "users sub user_id  string 1/1 false",
		},
		"sub before a better field": {
			documents: database{"users": {`{"_id":"u-1","email":"anna@example.com"}`}},
			claims:    []string{`{"id":"u-1","sub":"anna@example.com"}`},
			want:      "users sub email  string 1/1 false",
			note:      "id = _id",
		},
		"only the team": {
			documents: database{"users": {`{"_id":"1","team_id":"t"}`, `{"_id":"2","team_id":"t"}`}},
			claims:    []string{`{"sub":"u1","team_id":"t"}`},
			want:      "users     0/0 false",
		},
		"no document": {
			documents: database{"users": {`{"_id":` + oid + `}`}},
			claims:    []string{`{"sub":"secret-user"}`},
			want:      "users     0/0 false",
			note:      "_id (objectId)",
		},
		"a collection by name": {
			documents: database{"users": {`{"_id":"u1"}`}, "extra": {`{"_id":"u1","of":"x"}`}}, collection: "extra",
			claims: []string{`{"sub":"u1"}`},
			want:   "extra sub _id  string 1/1 true",
		},
		"a collection that is missing": {
			documents: database{"users": {`{"_id":"u1"}`}}, collection: "user",
			claims: []string{`{"sub":"u1"}`},
			want:   "user     0/0 false",
			note:   "has no collection user. It has: users",
		},
	} {
		i++
		dbname := fmt.Sprint("db", i)
		t.Run(name, func(t *testing.T) {
			tt.documents.fill(t, uri, dbname)
			issuer := enrichtest.NewIssuer(t, "HS256")
			var tokens []string
			for _, claims := range tt.claims {
				tokens = append(tokens, issuer.Token(claims))
			}
			u, err := discover.MatchUsers(t.Context(), uri, dbname, tt.collection, tokens)
			got := fmt.Sprint(u.Collection, " ", u.Claim, " ", u.Field, " ", u.Type, " ", u.BSON, " ", u.Matched, "/", u.Tokens, " ", u.Indexed)
			if notes := strings.Join(u.Notes, "\n"); err != nil || got != tt.want || !strings.Contains(notes, tt.note) {
				t.Errorf("MatchUsers = %q, %v; want %q; notes %q, want %q", got, err, tt.want, notes, tt.note)
			}
			for _, secret := range []string{"anna@example.com", "secret-user", "4711", "64b7f0aa5e1c2b3d4f5a6b7c"} {
				if strings.Contains(fmt.Sprintf("%+v", u), secret) {
					t.Errorf("MatchUsers returns a value of a token or document: %+v", u)
				}
			}
		})
	}
}

func TestMatchUsers_FieldsAreNamesWithoutCredentials(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	database{"users": {`{"_id":"u1","name":"Anna","passwordHash":"x","apiKey":"k","note":"$2b$12$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVABCDEFGHIJKLMN","compass":1,"address":{"city":"x"},"lang":"de"}`}}.fill(t, uri, "app")
	token := enrichtest.NewIssuer(t, "HS256").Token(`{"sub":"u1"}`)
	u, err := discover.MatchUsers(t.Context(), uri, "app", "", []string{token})
	if want := []string{"name", "compass", "address", "lang"}; err != nil || !slices.Equal(u.Fields, want) {
		t.Errorf("fields %q, %v; want %q", u.Fields, err, want)
	}
}

func TestIDClaims_AreInTheOrderOfLikelihood(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	for claims, want := range map[string]string{
		`{"iss":"i","email":"a@b","sub":"1","jti":"x","exp":1}`:                "sub email",
		`{"data":{"email":"a@b","id":5,"roles":[]},"exp":1}`:                   "data.id data.email",
		`{"https://example.com/user_id":"1","scope":"a"}`:                      `https://example\.com/user_id`,
		`{"sub":"","active":true,"user":{"_id":"64b7f0aa5e1c2b3d4f5a6b7c"}}`:   "user._id",
		`{"preferred_username":"anna","client_id":"c","customerId":"7","x":1}`: "customerId preferred_username",
	} {
		if got := strings.Join(discover.IDClaims([]string{issuer.Token(claims)}), " "); got != want {
			t.Errorf("IDClaims of %s: %q, want %q", claims, got, want)
		}
	}
}
