package attack_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

var (
	inTheirName   = kind{"requests in a user's name", "security.md"}
	foreignWrites = kind{"another user's document", "security.md"}
	privileges    = kind{"privileges by one's own write", "H1"}
	largeWrites   = kind{"large and deep writes", "G7"}
	anonymous     = kind{"requests without a valid token", "G7"}
	tooMany       = kind{"too many requests of a user", "security.md"}
)

const ownPath = "/.tokengraft/custom_data"

// owners is the configuration with which users write their documents.
const owners = "access: {mode: owner-write, origins: [https://app.example.com], per_minute: 100}\n"

// An ownerRow is a request to ownPath as Mallory. TOKEN is a valid token.
type ownerRow struct {
	kind
	sends, method, query string
	lines                string // of the header, separated by line breaks
	body                 string
	want                 string // statuses, separated by bars
}

// bearer is the line of an honest client, and patch that of a merge patch.
const (
	bearer = "Authorization: Bearer TOKEN"
	patch  = bearer + "\nContent-Type: application/merge-patch+json"
)

// asMallory returns a row with a merge patch.
func asMallory(k kind, sends, body, want string) ownerRow {
	return ownerRow{k, sends, "PATCH", "", patch, body, want}
}

var ownerRows = []ownerRow{
	{inTheirName, "the token in a cookie", "GET", "", "Cookie: session=TOKEN; access_token=TOKEN; Authorization=Bearer TOKEN", "", "403"},
	{inTheirName, "the token in the query", "GET", "?access_token=TOKEN", "", "", "403"},
	{inTheirName, "the token in a form", "POST", "", "Content-Type: application/x-www-form-urlencoded", "access_token=TOKEN", "403|405"},
	{inTheirName, "a form with _method=PATCH", "POST", "?_method=PATCH", bearer + "\nContent-Type: application/x-www-form-urlencoded", "_method=PATCH&language=evil", "405"},
	{inTheirName, "JSON as text/plain, as a page can send it", "PATCH", "", bearer + "\nContent-Type: text/plain\nOrigin: https://evil.example", `{"language":"evil"}`, "415"},
	{inTheirName, "JSON in a form", "PUT", "", bearer + "\nContent-Type: application/x-www-form-urlencoded", `{"language":"evil"}`, "415"},
	{inTheirName, "JSON without a type", "PATCH", "", bearer, `{"language":"evil"}`, "415"},
	{inTheirName, "two tokens", "GET", "", bearer + "\nAuthorization: Bearer x", "", "403"},
	{inTheirName, "the token twice", "GET", "", bearer + "\n" + bearer, "", "403"},
	{inTheirName, "the token as Basic", "GET", "", "Authorization: Basic TOKEN", "", "403"},
	{inTheirName, "the token without a scheme", "GET", "", "Authorization: TOKEN", "", "403"},
	{foreignWrites, "?id=hush-anna and X-User-Id: hush-anna", "GET", "?id=hush-anna&user=hush-anna&sub=hush-anna", bearer + "\nX-User-Id: hush-anna", "", "200"},
	asMallory(foreignWrites, `{"id":"hush-anna"}`, `{"id":"hush-anna"}`, "403"),
	asMallory(foreignWrites, `{"id":null}`, `{"id":null}`, "403"),
	asMallory(foreignWrites, `{"_id":"hush-anna"}`, `{"_id":"hush-anna"}`, "403"),
	asMallory(foreignWrites, `{"$set":{"id":"hush-anna"}}`, `{"$set":{"id":"hush-anna"}}`, "400|403|422"),
	asMallory(foreignWrites, `{"id":1} and {"id":"hush-mallory"}, doubled`, `{"id":"hush-mallory","id":"hush-anna"}`, "400|403"),
	asMallory(foreignWrites, `{"\u0069d":"hush-anna"}`, `{"\u0069d":"hush-anna"}`, "403"),
	{foreignWrites, "a JSON patch of /id", "PATCH", "", bearer + "\nContent-Type: application/json-patch+json", `[{"op":"replace","path":"/id","value":"hush-anna"}]`, "403"},
	{foreignWrites, "a JSON patch that moves a field to /id", "PATCH", "", bearer + "\nContent-Type: application/json-patch+json", `[{"op":"add","path":"/x","value":"hush-anna"},{"op":"move","from":"/x","path":"/id"}]`, "403"},
	{foreignWrites, "a document with the id of another", "PUT", "", bearer + "\nContent-Type: application/json", `{"id":"hush-anna","mark":"evil"}`, "403"},
	{foreignWrites, "a JSON patch of the whole document", "PATCH", "", bearer + "\nContent-Type: application/json-patch+json", `[{"op":"replace","path":"","value":{"id":"hush-anna"}}]`, "403"},
	asMallory(privileges, `{"roles":["admin"]}`, `{"roles":["admin"]}`, "403"),
	asMallory(privileges, `{"isAdmin":true}`, `{"isAdmin":true}`, "403"),
	asMallory(privileges, `{"IS_ADMIN":true}`, `{"IS_ADMIN":true}`, "403"),
	asMallory(privileges, `{"a":{"b":[{"scope":"admin"}]}}`, `{"a":{"b":[{"scope":"admin"}]}}`, "403"),
	asMallory(privileges, `{"a.roles":"admin"}`, `{"a.roles":"admin"}`, "400|403|422"),
	{privileges, "a JSON patch that copies a field to /roles", "PATCH", "", bearer + "\nContent-Type: application/json-patch+json", `[{"op":"copy","from":"/mark","path":"/roles"}]`, "403"},
	asMallory(largeWrites, "1 MiB of JSON", `{"x":"`+strings.Repeat("x", 1<<20)+`"}`, "413"),
	asMallory(largeWrites, "a document of more than access.max_size", `{"x":"`+strings.Repeat("x", 17<<10)+`"}`, "413|422"),
	asMallory(largeWrites, "10,000 nested objects", strings.Repeat(`{"x":`, 10_000)+"1"+strings.Repeat("}", 10_000), "400|413|422"),
	asMallory(largeWrites, "10,000 nested arrays", `{"x":`+strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)+"}", "400|413|422"),
	{largeWrites, "a JSON patch that doubles a field 40 times", "PATCH", "", bearer + "\nContent-Type: application/json-patch+json", doubling(40), "400|403|409|413|422"},
}

// doubling returns a JSON patch in which each step copies the document into itself.
func doubling(n int) string {
	steps := []string{`{"op":"add","path":"/x","value":{"y":"` + strings.Repeat("y", 100) + `"}}`}
	for i := range n {
		steps = append(steps, fmt.Sprintf(`{"op":"copy","from":"/x","path":"/x/z%d"}`, i))
	}
	return "[" + strings.Join(steps, ",") + "]"
}

// An ownerAttack sends requests to a target, and looks at the collection.
type ownerAttack struct {
	*target
	issuer *enrichtest.Issuer
	users  *mongo.Collection
}

// attackOwners checks that users reach their own document only, and in it only what they
// may. It needs MongoDB.
func (s *suite) attackOwners(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	backend := startBackend(t, issuer)
	uri := inMongo(t, []string{annas, mallorys})
	documents := `documents: {mongodb: {uri: "` + uri + `", database: app, collection: users, timeout: 5s, watch: "off"}, user_id_field: id}`
	configuration := strings.Replace(usual(backend.URL), "documents: {file: users.json, user_id_field: id}", documents, 1) + owners
	a := ownerAttack{s.start(t, configuration, "[]"), issuer, enrichtest.Connect(t, uri).Database("app").Collection("users")}
	for _, row := range ownerRows {
		s.run(t, row.kind, row.sends, func(t *testing.T) (happens string) { return a.run(t, row) })
	}
	for _, id := range []string{`"HUSH-ANNA"`, `"hush-anna "`, `"hush-anna\u0000"`, `{"$ne":""}`, `["hush-anna"]`, `{"$regex":"^hush"}`, `null`, `""`} {
		s.run(t, foreignWrites, "a token of the user "+strings.ReplaceAll(id, secret+"-", ""), func(t *testing.T) (happens string) {
			reply := a.ask(t, http.MethodGet, ownPath, "", "Authorization: Bearer "+a.issuer.Token(claimsOf(id, "")))
			return a.expect(t, reply, "403|404")
		})
	}
	s.run(t, inTheirName, "a preflight of another page", func(t *testing.T) (happens string) {
		reply := a.ask(t, http.MethodOptions, ownPath, "", "Origin: https://evil.example", "Access-Control-Request-Method: PATCH")
		return a.expect(t, reply, "204")
	})
	n := size(500, 20_000)
	s.run(t, anonymous, fmt.Sprintf("%d requests with forged tokens", n), func(t *testing.T) (happens string) { return a.flood(t, n, backend) })
	s.run(t, tooMany, "300 requests", func(t *testing.T) (happens string) { return a.repeat(t, 300) })
	honest := ownerRow{method: "PATCH", lines: patch, body: `{"language":"de"}`}
	if reply := a.send(t, honest); reply.Status != http.StatusOK || !strings.Contains(reply.Body, `"language":"de"`) {
		t.Errorf("Mallory's own patch: got %d %s, want 200", reply.Status, reply.Body)
	}
}

// token returns a valid token of a user.
func (a ownerAttack) token(user string) string {
	return a.issuer.Token(claimsOf(quoted(user), ""))
}

func (a ownerAttack) run(t *testing.T, row ownerRow) (happens string) {
	return a.expect(t, a.send(t, row), row.want)
}

func (a ownerAttack) send(t *testing.T, row ownerRow) e2e.Reply {
	t.Helper()
	with := func(text string) string { return strings.ReplaceAll(text, "TOKEN", a.token(mallory)) }
	var lines []string
	if row.lines != "" {
		lines = strings.Split(with(row.lines), "\n")
	}
	return a.ask(t, row.method, ownPath+with(row.query), with(row.body), lines...)
}

// expect checks that a request has one of these statuses, shows nothing of Anna, may not be
// read by another page, and has changed nothing.
func (a ownerAttack) expect(t *testing.T, reply e2e.Reply, want string) (happens string) {
	t.Helper()
	status := fmt.Sprint(reply.Status)
	if !oneOf(want, status) {
		t.Errorf("got %s %.200s, want %s", status, reply.Body, want)
	}
	if strings.Contains(reply.Body, "hush of anna") || strings.Contains(reply.Header.Get("Access-Control-Allow-Origin"), "evil") || reply.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("got %v %s, want nothing of Anna, and nothing for other pages", reply.Header, reply.Body)
		status = "ANOTHER CAN READ IT"
	}
	for user, mark := range map[string]string{anna: "hush of anna", mallory: "hush of mallory"} {
		var documents []bson.M
		cursor, err := a.users.Find(t.Context(), bson.M{"id": user})
		if err == nil {
			err = cursor.All(t.Context(), &documents)
		}
		if err != nil || len(documents) != 1 || len(documents[0]) != 3 || documents[0]["mark"] != mark {
			t.Errorf("the documents of %s are %v (%v), want the one from before", user, documents, err)
			return "THE DOCUMENT CHANGES"
		}
	}
	return status
}

// flood sends forged tokens, several at a time.
func (a ownerAttack) flood(t *testing.T, n int, backend *e2e.Backend) (happens string) {
	fetches, before, reads := backend.JWKSFetches(), heap(), a.reads(t)
	var others atomic.Int64
	eachOf(n, func() {
		token := floodRows[0].token(a.issuer)
		reply, err := a.try(http.MethodPatch, ownPath, `{"language":"evil"}`, "Authorization: Bearer "+token, "Content-Type: application/merge-patch+json")
		if err != nil || reply.Status != http.StatusForbidden && reply.Status != http.StatusServiceUnavailable {
			others.Add(1)
		}
	})
	fetches, grown, reads := backend.JWKSFetches()-fetches, heap()-before, a.reads(t)-reads
	if others.Load() > 0 || fetches > 4 || grown > mostGrowth || reads > 0 {
		t.Errorf("%d of %d requests got something else than 403 or 503; %d fetches of the JWKS, %d reads of documents, and the heap grew by %d bytes; want none, at most 4, none, and at most %d", others.Load(), n, fetches, reads, grown, mostGrowth)
	}
	return fmt.Sprintf("403 or 503, and %d reads of documents", reads)
}

// reads returns how many documents were read.
func (a ownerAttack) reads(t *testing.T) (n int) {
	for series, value := range a.Metrics(t) {
		if strings.HasPrefix(series, "tokengraft_source_duration_seconds_count") {
			n += int(value)
		}
	}
	return n
}

// repeat sends many requests of one user. Another user is not limited by them.
func (a ownerAttack) repeat(t *testing.T, n int) (happens string) {
	token := "Authorization: Bearer " + a.token("hush-eve")
	statuses := map[int]int{}
	for range n {
		statuses[a.ask(t, http.MethodGet, ownPath, "", token).Status]++
	}
	if statuses[http.StatusNotFound] < 100 || statuses[http.StatusNotFound] > 110 || statuses[http.StatusTooManyRequests] != n-statuses[http.StatusNotFound] {
		t.Errorf("got the statuses %v, want 404 for the 100 of a minute, and 429 for the others", statuses)
	}
	if reply := a.ask(t, http.MethodGet, ownPath, "", "Authorization: Bearer "+a.token(anna)); reply.Status != http.StatusOK {
		t.Errorf("another user meanwhile: got %d, want 200", reply.Status)
	}
	return "429 after 100 in a minute; others are not limited"
}
