package cli_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// collectionConfig returns the path of a configuration with documents in FerretDB.
func collectionConfig(t *testing.T, settings string, docs ...string) string {
	t.Helper()
	uri, _ := enrichtest.StartFerretDB(t)
	collection := enrichtest.NewCollection(t, uri)
	for _, doc := range docs {
		raw, err := bsonjson.Parse([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := collection.InsertOne(t.Context(), raw); err != nil {
			t.Fatal(err)
		}
	}
	return writeConfig(t, fmt.Sprintf(`listen: 127.0.0.1:0
backend: http://127.0.0.1:1
admin: "off"
rules: [{match: POST /login, tokens: ["json:t"]}]
verify: {secret: %q}
claim: {include: [plan]}
documents:
  mongodb: {uri: %q, database: %s, collection: %s, timeout: 5s}
  user_id_field: account
%s`, enrichtest.Secret, uri, collection.Database().Name(), collection.Name(), settings), map[string]string{"new.json": `{"plan":"new"}`})
}

func TestExplainAndTry_ReadACollection(t *testing.T) {
	path := collectionConfig(t, "",
		`{"_id":1,"account":{"$oid":"62efedca3587e6e83c0fc675"},"plan":"old"}`, `{"_id":2,"account":"62efedca3587e6e83c0fc675","plan":"pro","notes":"s3cret"}`,
		`{"_id":3,"account":"77","email":"anna@example.com"}`)
	issuer := enrichtest.NewIssuer(t, "HS256")
	for _, tt := range []struct {
		stdin string
		args  []string
		code  int
		want  []string
	}{
		{"", []string{"explain", "62efedca3587e6e83c0fc675"}, exitOK, []string{"source:   collection tokengraft_test", "found, the id has the type string", "the user has 2 documents. This one counts, because strings come before ObjectIds", "notes (string) by claim.include"}},
		{"", []string{"explain", "anna@example.com"}, 3, []string{"user_id_field: email"}},
		{`{"t":"` + issuer.Token(`{"sub":77}`) + `"}`, []string{"try"}, 3, []string{"claim sub (number), field account (user_id_type: auto) of the collection tokengraft_test", "reason: no_document", "user_id_type: string"}},
		{`{"t":"` + issuer.Token(`{"sub":"x","uid":"77"}`) + `"}`, []string{"try"}, 3, []string{"reason: no_document", "user_id_claim: uid"}},
		{`{"t":"` + issuer.Token(`{"sub":"anna@example.com"}`) + `"}`, []string{"try"}, 3, []string{"reason: no_document", "user_id_field: email"}},
		{`{"t":"` + issuer.Token(`{"sub":"77"}`) + `"}`, []string{"try"}, exitOK, []string{"found, with the type string", "reason: ok"}},
	} {
		code, stdout, stderr := runWith(t, tt.stdin, append(tt.args, "-c", path)...)
		if code != tt.code || strings.Contains(stdout+stderr, "s3cret") {
			t.Errorf("%q: exit code %d and\n%s%s\nwant %d", tt.args, code, stdout, stderr, tt.code)
		}
		for _, want := range tt.want {
			if !strings.Contains(stdout, want) {
				t.Errorf("%q prints\n%s%s\nwant %q", tt.args, stdout, stderr, want)
			}
		}
	}
}

// With user_creation every rule is a gate, also when try creates nothing.
func TestTry_CreatesNoUserAndKeepsGates(t *testing.T) {
	path := collectionConfig(t, "user_creation: {document: new.json}\n")
	issuer := enrichtest.NewIssuer(t, "HS256")
	for range 2 {
		code, stdout, stderr := runWith(t, `{"t":"`+issuer.Token(`{"sub":"new"}`)+`"}`, "try", "-c", path)
		if code != 3 || !strings.Contains(stdout, "reason: no_document") || !strings.Contains(stdout, "try runs no triggers, and creates no user") {
			t.Errorf("try with a new user: exit code %d and\n%s%s\nwant 3, and no document both times", code, stdout, stderr)
		}
	}
	code, stdout, stderr := runWith(t, `{"t":"`+issuer.Token(`{"sub":"new","exp":1}`)+`"}`, "try", "-c", path)
	if want := "serve answers 503 instead of this response: a token was not accepted"; code != 3 || !strings.Contains(stdout, want) {
		t.Errorf("try with an expired token: exit code %d and\n%s%s\nwant 3 and %q", code, stdout, stderr, want)
	}
}

// A name that is misspelled looks like a database without users.
func TestTry_SaysThatTheCollectionIsEmpty(t *testing.T) {
	path := collectionConfig(t, "")
	code, stdout, stderr := runWith(t, enrichtest.NewIssuer(t, "HS256").Token(`{"sub":"u1"}`), "try", "-c", path)
	if want := "does not exist or has no collections, so no user has a document"; code != 3 || !strings.Contains(stdout, want) {
		t.Errorf("try without a collection: exit code %d and\n%s%s\nwant 3 and %q", code, stdout, stderr, want)
	}
}
