package attack_test

import (
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// people are documents whose user ids nearly collide. Each says whose it is.
var people = []string{
	annas, mallorys,
	`{"id":"5","mark":"hush of the string 5"}`, `{"id":5,"mark":"hush of the number 5"}`,
	`{"id":"62efedca3587e6e83c0fc676","mark":"hush of the hex string"}`, `{"id":{"$oid":"62efedca3587e6e83c0fc676"},"mark":"hush of the ObjectId"}`,
	`{"id":"caf\u00e9","mark":"hush of NFC"}`,
	`{"id":null,"mark":"hush of null"}`, `{"mark":"hush of nobody"}`, `{"id":{"$numberDouble":"1.5"},"mark":"hush of 1.5"}`,
	`{"id":true,"mark":"hush of true"}`, `{"id":{"a":1},"mark":"hush of an object"}`, `{"id":"","mark":"hush of the empty"}`,
}

// attackAsUsers shows that a user id finds the document of exactly that user,
// in a database and in a file.
func attackAsUsers(t *testing.T, s *suite) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	backend := startBackend(t, issuer)
	fromFile := usual(backend.URL)
	t.Run("file", func(t *testing.T) {
		v := s.start(t, fromFile, "["+strings.Join(people, ",")+"]")
		v.attackAs(t, s, issuer, "file")
	})
	t.Run("mongodb", func(t *testing.T) {
		uri := inMongo(t, people)
		documents := `documents: {mongodb: {uri: "` + uri + `", database: app, collection: users, timeout: 5s}, user_id_field: id}`
		v := s.start(t, strings.Replace(fromFile, "documents: {file: users.json, user_id_field: id}", documents, 1), "[]")
		v.attackAs(t, s, issuer, "MongoDB")
	})
}

// inMongo returns the URI of a database with documents in app.users.
func inMongo(t *testing.T, documents []string) string {
	t.Helper()
	uri, _ := enrichtest.FerretDB(t)
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(t.Context())
	for _, text := range documents {
		var document bson.D
		if err := bson.UnmarshalExtJSON([]byte(text), false, &document); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Database("app").Collection("users").InsertOne(t.Context(), document); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return uri
}

func (v *target) attackAs(t *testing.T, s *suite, issuer *enrichtest.Issuer, source string) {
	for _, user := range []struct{ id, mark string }{
		{`"hush-anna"`, "hush of anna"},
		{`"5"`, "hush of the string 5"}, {`5`, "hush of the number 5"},
		{`"62efedca3587e6e83c0fc676"`, "hush of the hex string"},
		{`"caf\u00e9"`, "hush of NFC"}, {`"cafe\u0301"`, ""},
		{`{"$ne":null}`, ""}, {`{"$gt":""}`, ""}, {`{"$where":"1"}`, ""}, {`{"$regex":".*"}`, ""}, {`{"$oid":"62efedca3587e6e83c0fc676"}`, ""}, {`{}`, ""}, {`{"a":1}`, ""},
		{`["hush-anna"]`, ""}, {`[]`, ""}, {`null`, ""}, {`true`, ""}, {`false`, ""}, {`1.5`, ""}, {`5.0`, ""}, {`5e0`, ""}, {`-5`, ""}, {`""`, ""},
		{`99999999999999999999999999`, ""}, {`"05"`, ""}, {`" 5"`, ""},
		{`"{\"$ne\":null}"`, ""}, {`"$where"`, ""}, {`"$hush-anna"`, ""}, {`"this.id=='hush-anna'"`, ""}, {`"'; return true; '"`, ""},
		{`"hush-anna\u0000"`, ""}, {`"hush-anna\u0000x"`, ""}, {`"\u0000"`, ""}, {`"Hush-Anna"`, ""}, {`"hush-anna "`, ""}, {`"hush-ann"`, ""}, {`"hush-ann."`, ""}, {`"hush-*"`, ""}, {`"\u202ehush-anna"`, ""},
		{`"` + strings.Repeat("a", 30<<10) + `"`, ""},
	} {
		var got string
		original := issuer.Token(claimsOf(user.id, ""))
		reason := v.reasonOf(t, func() { got = v.issue(t, original) })
		_, claims := enrichtest.Split(t, got)
		mark := ""
		if _, found, ok := strings.Cut(claims, `"mark":"`); ok {
			mark, _, _ = strings.Cut(found, `"`)
		}
		happens := "no document: " + reason
		if mark != "" {
			happens = "the document" + strings.TrimPrefix(mark, secret)
		}
		s.report(row{"user ids in " + source, "sub " + strings.ReplaceAll(short(user.id), secret+"-", ""), happens, "contract"})
		if mark != user.mark || user.mark == "" && (reason != "no_document" || got != original) {
			t.Errorf("sub %s: %s (%s), want the document %q", short(user.id), happens, reason, user.mark)
		}
	}
}

// attackWithDocuments shows that what a user writes into a document stays within
// the claim.
func attackWithDocuments(t *testing.T, s *suite) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	backend := startBackend(t, issuer)
	hostile := []struct{ sends, members string }{
		{"members sub, scope, exp, iss, aud, roles", `"sub":"hush-anna","scope":"admin","exp":99999999999,"iss":"evil","aud":"*","roles":["admin"]`},
		{"__proto__ and constructor", `"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}`},
		{`a name of ","role":"admin`, `"name":"\",\"role\":\"admin","n2":"\"},\"role\":\"admin\",\"x\":{\"y\":\""`},
		{`a key of x":1},"role":"admin`, `"x\":1},\"role\":\"admin":"","quote\"\\":1`},
		{"line breaks and markup", `"name":"a\r\nSet-Cookie: session=evil\r\n\r\n<script>alert(1)</script>\u2028\u0000"`},
		{"the claim in the claim", `"custom_data":{"custom_data":{}},"tgr":"x","alg":"none"`},
		{"extended JSON", `"when":{"$date":"2020-01-01T00:00:00Z"},"code":{"$code":"function(){}"},"n":{"$numberDouble":"NaN"}`},
		{"90 objects in each other", `"x":` + strings.Repeat(`{"x":`, 90) + "1" + strings.Repeat("}", 90)},
	}
	var documents []string
	for i, h := range hostile {
		documents = append(documents, fmt.Sprintf(`{"id":"hush-%d",%s}`, i, h.members))
	}
	documents = append(documents, `{"id":"hush-large","x":"`+strings.Repeat("x", 20<<10)+`"}`)
	v := s.start(t, usual(backend.URL), "["+strings.Join(documents, ",")+"]")
	for i, h := range hostile {
		original := issuer.Token(claimsOf(quoted(fmt.Sprintf("hush-%d", i)), `,"role":"user"`))
		enriched := v.issue(t, original)
		_, before := enrichtest.Split(t, original)
		_, after := enrichtest.Split(t, enriched)
		kept := strings.HasPrefix(after, strings.TrimSuffix(before, "}")+`,"custom_data":{`) && strings.Join(topLevel(t, after), " ") == "iss aud sub iat exp role custom_data"
		restores := v.atBackend(t, enriched) == original
		s.report(row{"hostile document", h.sends, map[bool]string{true: "within the claim, all else as signed; restores", false: "GETS OUT"}[kept && restores], "H1, A3"})
		if !kept || !restores {
			t.Errorf("%s: claims %s, restores: %t", h.sends, after, restores)
		}
	}
	v.attackHeadersWithDocuments(t, s, issuer)
}

// topLevel returns the names of an object's members, in their order.
func topLevel(t *testing.T, object string) (names []string) {
	t.Helper()
	var members bson.D
	if err := bson.UnmarshalExtJSON([]byte(object), false, &members); err != nil {
		t.Fatalf("claims %s: %v", object, err)
	}
	for _, member := range members {
		names = append(names, member.Key)
	}
	return names
}

// attackHeadersWithDocuments has documents travel in headers.
func (v *target) attackHeadersWithDocuments(t *testing.T, s *suite, issuer *enrichtest.Issuer) {
	token := issuer.Token(claimsOf(`"hush-4"`, ""))
	res := v.ask(t, "POST", "/login", "{}", "Answer: Set-Cookie: session="+token+"; HttpOnly", "Answer: X-Token: "+token)
	split := len(res.Header["Set-Cookie"]) != 1 || len(res.Header["X-Token"]) != 1 || strings.Contains(res.Header.Get("Set-Cookie"), "evil") ||
		res.Header.Get("X-Token") == token || !strings.HasSuffix(res.Header.Get("Set-Cookie"), "; HttpOnly")
	s.report(row{"response splitting", "a document with CRLF, in a cookie and a header", map[bool]string{false: "one line each, base64url", true: "SPLITS"}[split], "A2"})
	if split {
		t.Errorf("the headers are %q", res.Header)
	}
	large := issuer.Token(claimsOf(`"hush-large"`, ""))
	var got string
	reason := v.reasonOf(t, func() { got = v.issue(t, large) })
	s.report(row{"large document", "20 KB", "passes as it came: " + reason, "H3"})
	if reason != "too_large" || got != large {
		t.Errorf("a document of 20 KB: %s", reason)
	}
	forged := issuer.Token(claimsOf(`"hush-0"`, `,"custom_data":{"role":"admin"}`))
	_, claims := enrichtest.Split(t, v.issue(t, forged))
	s.report(row{"forged claim", "an original that has the claim already", map[bool]string{true: "is replaced", false: "STAYS"}[strings.Count(claims, `"custom_data"`) == 1 && !strings.Contains(claims, `"role":"admin"`)], "H2"})
	if strings.Contains(claims, `"role":"admin"`) {
		t.Errorf("a claim of the name stays: %s", claims)
	}
}
