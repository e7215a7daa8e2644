package attack_test

import (
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// people are documents with user ids that are almost equal. The mark says whose
// document it is.
var people = []string{
	annas, mallorys,
	`{"id":"5","mark":"hush of the string 5"}`, `{"id":5,"mark":"hush of the number 5"}`,
	`{"id":77,"mark":"hush of the number 77"}`, `{"id":{"$numberLong":"-8"},"mark":"hush of the number -8"}`,
	`{"id":"62efedca3587e6e83c0fc676","mark":"hush of the hex string"}`, `{"id":{"$oid":"62efedca3587e6e83c0fc676"},"mark":"hush of the ObjectId"}`,
	`{"id":"caf\u00e9","mark":"hush of NFC"}`,
	`{"id":null,"mark":"hush of null"}`, `{"mark":"hush of a document without an id"}`, `{"id":{"$numberDouble":"1.5"},"mark":"hush of 1.5"}`,
	`{"id":true,"mark":"hush of true"}`, `{"id":{"a":1},"mark":"hush of an object"}`, `{"id":"","mark":"hush of the empty"}`,
}

// A userRow is a user id in a token, as JSON, and the mark of the document that it
// must find, or "".
type userRow struct{ id, mark string }

var userRows = []userRow{
	{`"hush-anna"`, "hush of anna"},
	{`"5"`, "hush of the string 5"},
	{`5`, "hush of the number 5"},
	{`"77"`, "hush of the number 77"},
	{`77`, "hush of the number 77"},
	{`"-8"`, "hush of the number -8"},
	{`"077"`, ""},
	{`"+77"`, ""},
	{`"--8"`, ""},
	{`"77.0"`, ""},
	{`"7.7e1"`, ""},
	{`"0x4d"`, ""},
	{`"7_7"`, ""},
	{`" 77"`, ""},
	{`"77\u0000"`, ""},
	{`"\u0667\u0667"`, ""}, // 77 in other digits
	{`"\uff17\uff17"`, ""},
	{`"18446744073709551693"`, ""}, // 77 modulo 2^64
	{`"62efedca3587e6e83c0fc676"`, "hush of the hex string"},
	{`"caf\u00e9"`, "hush of NFC"},
	{`"cafe\u0301"`, ""},
	{`{"$ne":null}`, ""},
	{`{"$gt":""}`, ""},
	{`{"$where":"1"}`, ""},
	{`{"$regex":".*"}`, ""},
	{`{"$oid":"62efedca3587e6e83c0fc676"}`, ""},
	{`{}`, ""},
	{`{"a":1}`, ""},
	{`["hush-anna"]`, ""},
	{`[]`, ""},
	{`null`, ""},
	{`true`, ""},
	{`false`, ""},
	{`1.5`, ""},
	{`5.0`, ""},
	{`5e0`, ""},
	{`-5`, ""},
	{`""`, ""},
	{`99999999999999999999999999`, ""},
	{`"05"`, ""},
	{`" 5"`, ""},
	{`"{\"$ne\":null}"`, ""},
	{`"$where"`, ""},
	{`"$hush-anna"`, ""},
	{`"this.id=='hush-anna'"`, ""},
	{`"'; return true; '"`, ""},
	{`"hush-anna\u0000"`, ""},
	{`"hush-anna\u0000x"`, ""},
	{`"\u0000"`, ""},
	{`"Hush-Anna"`, ""},
	{`"hush-anna "`, ""},
	{`"hush-ann"`, ""},
	{`"hush-ann."`, ""},
	{`"hush-*"`, ""},
	{`"\u202ehush-anna"`, ""},
	{`"` + strings.Repeat("a", 30<<10) + `"`, ""},
}

var otherIssuer = kind{"user of another issuer", "F7"}

// attackAsUsers checks that a user id finds the document of exactly that user, in a
// file and in MongoDB.
func (s *suite) attackAsUsers(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	fromFile := usual(startBackend(t, issuer).URL)
	tg := s.start(t, fromFile, "["+strings.Join(people, ",")+"]")
	for _, row := range userRows {
		row.run(t, tg, issuer, kind{"user ids in file", "security.md"})
	}
	s.attackAsOtherIssuer(t)
	t.Run("mongodb", func(t *testing.T) { // skipped if there is no FerretDB
		fromMongo := `documents: {mongodb: {uri: "` + inMongo(t, people) + `", database: app, collection: users, timeout: 5s}, user_id_field: id}`
		tg := s.start(t, strings.Replace(fromFile, "documents: {file: users.json, user_id_field: id}", fromMongo, 1), "[]")
		for _, row := range userRows {
			row.run(t, tg, issuer, kind{"user ids in MongoDB", "security.md"})
		}
	})
}

// issuerRows are tokens of two issuers that both have a user with the id of Anna.
var issuerRows = []struct{ sends, iss, mark string }{
	{"the id of a user of another issuer, and the own issuer", `"iss":"https://other.example.com",`, ""},
	{"the id and the issuer of the document", `"iss":"https://idp.example.com",`, "hush of anna"},
	{"the id without an issuer", ``, ""},
	{"the issuer in another case", `"iss":"HTTPS://idp.example.com",`, ""},
	{"a list of issuers", `"iss":["https://idp.example.com"],`, ""},
}

// attackAsOtherIssuer checks that a user of one issuer never gets the document of a
// user of another, even if it is in the cache.
func (s *suite) attackAsOtherIssuer(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	configuration := strings.NewReplacer("issuer: https://idp.example.com, ", "", "user_id_field: id", "user_id_field: id, user_id_issuer: idp").Replace(usual(startBackend(t, issuer).URL))
	tg := s.start(t, configuration, `[{"id":"hush-anna","idp":"https://idp.example.com","mark":"hush of anna"}]`)
	own := claimsOf(quoted(anna), "")
	tg.issue(t, issuer.Token(own)) // the document of Anna is in the cache now
	for _, row := range issuerRows {
		s.run(t, otherIssuer, row.sends, func(t *testing.T) (happens string) {
			_, claims := enrichtest.DecodeToken(t, tg.issue(t, issuer.Token(strings.Replace(own, `"iss":"https://idp.example.com",`, row.iss, 1))))
			got := strings.Contains(claims, "hush of anna")
			if got != (row.mark != "") {
				t.Errorf("claims %s: want document %q", claims, row.mark)
			}
			return either(got, "finds the document", "finds no document")
		})
	}
}

// inMongo starts a server with documents in app.users, and returns its URI.
func inMongo(t *testing.T, documents []string) string {
	t.Helper()
	uri, _ := enrichtest.StartFerretDB(t)
	users := enrichtest.Connect(t, uri).Database("app").Collection("users")
	for _, text := range documents {
		var document bson.D
		if err := bson.UnmarshalExtJSON([]byte(text), false, &document); err != nil {
			t.Fatal(err)
		}
		if _, err := users.InsertOne(t.Context(), document); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return uri
}

func (row userRow) run(t *testing.T, tg *target, issuer *enrichtest.Issuer, k kind) {
	tg.suite.run(t, k, "sub "+strings.ReplaceAll(short(row.id), secret+"-", ""), func(t *testing.T) (happens string) {
		var got string
		original := issuer.Token(claimsOf(row.id, ""))
		reason := tg.reasonOf(t, func() { got = tg.issue(t, original) })
		_, claims := enrichtest.DecodeToken(t, got)
		mark := ""
		if _, found, ok := strings.Cut(claims, `"mark":"`); ok {
			mark, _, _ = strings.Cut(found, `"`)
		}
		if mark != row.mark || row.mark == "" && (reason != "no_document" || got != original) {
			t.Errorf("sub %s: got document %q and reason %s, want document %q", short(row.id), mark, reason, row.mark)
		}
		return either(mark == "", "finds no document: "+reason, "finds the document"+strings.TrimPrefix(mark, secret))
	})
}
