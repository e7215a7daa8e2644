package live_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

const ownerConfig = `backend: BACKEND
rules:
  - {match: POST /login, tokens: ["json:token"]}
  - {match: POST /refresh, tokens: ["json:token"], refresh: always}
verify: {secret_file: secret}
claim: {exclude: [notes]}
documents:
  mongodb: {uri: "mongodb://%s/", database: app, collection: users, timeout: 5s, watch: off}
  user_id_field: name
access:
  mode: owner-write
  writable: [city, address, tags]
  per_minute: 1000
`

const ownPath = "/.tokengraft/custom_data"

// An owner is a user at a sidecar.
type owner struct {
	*e2e.Sidecar
	t     *testing.T
	token string
}

// send sends a request to the user's own document. header has lines as "Name: value".
func (o owner) send(method, kind, body string, header ...string) (status int, answer string, h http.Header) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), method, o.Public.URL(ownPath), strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+o.token)
	r.Header.Set("Content-Type", kind)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return response.StatusCode, string(text), response.Header
}

const mergePatch = "application/merge-patch+json"

// startOwners starts two sidecars with one backend and one FerretDB that has documents of
// anna and bert.
func startOwners(t *testing.T) (first, second *live, original func(user string) string) {
	address, _ := startCountedMongo(t)
	users := enrichtest.Connect(t, "mongodb://"+address).Database("app").Collection("users")
	for _, name := range []string{"anna", "bert"} {
		document := bson.D{{Key: "name", Value: name}, {Key: "city", Value: "Wien"}, {Key: "isAdmin", Value: false}, {Key: "notes", Value: "hush"}, {Key: "since", Value: time.UnixMilli(0)}}
		if _, err := users.InsertOne(t.Context(), document); err != nil {
			t.Fatal(err)
		}
	}
	configuration := fmt.Sprintf(ownerConfig, address)
	first = start(t, configuration, e2e.Tokengraft)
	second = &live{t: t, backend: first.backend}
	second.Sidecar = e2e.Start(t, e2e.Options{Program: e2e.Tokengraft, Configuration: second.fill(configuration), Files: map[string]string{"secret": enrichtest.Secret}})
	return first, second, func(user string) string {
		return first.backend.issuer.Token(fmt.Sprintf(`{"sub":%q,"exp":%d}`, user, time.Now().Add(time.Hour).Unix()))
	}
}

// enriched logs in and returns the token itself.
func (l *live) enriched() string {
	l.t.Helper()
	response, err := http.Post(l.Public.URL("/login"), "application/json", strings.NewReader("{}"))
	if err != nil {
		l.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return e2e.Tokens(string(text))[0]
}

func TestOwner_WriteIsInTheNextTokenOnEveryReplica(t *testing.T) {
	t.Parallel()
	first, second, original := startOwners(t)
	second.logIn("/login") // so that its cache has the document
	anna := owner{first.Sidecar, t, first.enriched()}

	status, before, h := anna.send("GET", "", "")
	if status != 200 || !strings.Contains(before, `"city":"Wien"`) || strings.Contains(before, "hush") {
		t.Fatalf("GET = %d %s, want the document without notes", status, before)
	}
	status, after, _ := anna.send("PATCH", mergePatch, `{"city":"Linz","tags":[1,9007199254740993]}`, "If-Match: "+h.Get("ETag"))
	if status != 200 || !strings.Contains(after, `"city":"Linz"`) {
		t.Fatalf("PATCH = %d %s, want the new document", status, after)
	}
	if status, answer, _ := anna.send("PATCH", mergePatch, `{"city":"Graz"}`, "If-Match: "+h.Get("ETag")); status != 412 {
		t.Errorf("PATCH of what has changed = %d %s, want 412", status, answer)
	}
	for name, l := range map[string]*live{"the same replica": first, "another replica": second} {
		for _, path := range []string{"/login", "/refresh"} {
			if claims := l.logIn(path); !strings.Contains(claims, `"city":"Linz"`) || !strings.Contains(claims, "9007199254740993") {
				t.Errorf("%s at %s: the claims are %s, want the write", path, name, claims)
			}
		}
	}
	anna.token = original("anna")
	if status, answer, _ := anna.send("GET", "", ""); status != 200 || answer != after {
		t.Errorf("GET with the original token = %d %s, want %s", status, answer, after)
	}
}

func TestOwner_RefusesAttacks(t *testing.T) {
	t.Parallel()
	first, _, original := startOwners(t)
	anna, bert := owner{first.Sidecar, t, original("anna")}, owner{first.Sidecar, t, original("bert")}
	_, berts, _ := bert.send("GET", "", "")
	_, annas, _ := anna.send("GET", "", "")
	const jsonPatch = "application/json-patch+json"
	for _, tt := range []struct {
		name, kind, body string
		status           int
	}{
		{"the id of another user", mergePatch, `{"name":"bert"}`, 403},
		{"the user id, moved away", jsonPatch, `[{"op":"move","from":"/name","path":"/city"}]`, 403},
		{"the escaped _id", mergePatch, `{"\u005f\u0069d":"x"}`, 403},
		{"a privileged field", mergePatch, `{"isAdmin":true}`, 403},
		{"a privileged field within", mergePatch, `{"address":{"roles":["admin"]}}`, 403},
		{"a hidden field", mergePatch, `{"notes":"x"}`, 403},
		{"a field that is not writable", mergePatch, `{"since":"x"}`, 403},
		{"__proto__", mergePatch, `{"address":{"__proto__":{"isAdmin":true}}}`, 403},
		{"constructor", mergePatch, `{"constructor":{"prototype":{}}}`, 403},
		{"$set", mergePatch, `{"$set":{"isAdmin":true}}`, 403},
		{"$where within", mergePatch, `{"city":{"$where":"1"}}`, 403},
		{"a dotted name", mergePatch, `{"address.city":"x"}`, 403},
		{"members twice", mergePatch, `{"city":"x","city":"y"}`, 400},
		{"~1 in a pointer", jsonPatch, `[{"op":"add","path":"/address~1city","value":"x"}]`, 403},
		{"~0 in a pointer", jsonPatch, `[{"op":"add","path":"/~0","value":"x"}]`, 403},
		{"an index out of range", jsonPatch, `[{"op":"add","path":"/tags","value":[]},{"op":"add","path":"/tags/7","value":"x"}]`, 409},
		{"10,000 operations", jsonPatch, "[" + strings.Repeat(`{"op":"test","path":"/city","value":"Wien"},`, 9_999) + `{"op":"remove","path":"/name"}]`, 413},
	} {
		if status, answer, _ := anna.send("PATCH", tt.kind, tt.body); status != tt.status {
			t.Errorf("%s: %d %s, want %d", tt.name, status, answer, tt.status)
		}
	}
	for name, headers := range map[string][]string{
		"a forged token":              {"Authorization: Bearer " + anna.token[:len(anna.token)-4] + "AAAA"},
		"the token in a cookie alone": {"Authorization: ", "Cookie: token=" + anna.token},
		"no scheme":                   {"Authorization: " + anna.token},
	} {
		if status, answer, _ := anna.send("PATCH", mergePatch, `{"city":"x"}`, headers...); status != 403 {
			t.Errorf("%s: %d %s, want 403", name, status, answer)
		}
	}
	if _, now, _ := bert.send("GET", "", ""); now != berts {
		t.Errorf("the document of bert is %s, want it unchanged: %s", now, berts)
	}
	if _, now, _ := anna.send("GET", "", ""); now != annas {
		t.Errorf("the document of anna is %s, want it unchanged: %s", now, annas)
	}
}

func TestOwner_ReadsAFileUntilAReloadTurnsItOff(t *testing.T) {
	t.Parallel()
	l := start(t, configuration+"access: {mode: owner-read}\n", "")
	anna := owner{l.Sidecar, t, l.enriched()}
	if status, answer, _ := anna.send("GET", "", ""); status != 200 || answer != `{"id":"anna","city":"Wien","lang":"de"}` {
		t.Errorf("GET = %d %s, want the document of the file", status, answer)
	}
	l.Write(t, "users.json", `[{"id":"anna","city":"Graz"}]`)
	if status, answer, _ := anna.send("GET", "", ""); status != 200 || answer != `{"id":"anna","city":"Graz"}` {
		t.Errorf("GET after the file changed = %d %s, want the new document", status, answer)
	}
	if status, _, h := anna.send("PATCH", mergePatch, `{"city":"Linz"}`); status != 405 || h.Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("PATCH with owner-read = %d, Allow %q; want 405", status, h.Get("Allow"))
	}
	l.backend.Take()
	l.Reconfigure(t, "owner-read", "off")
	e2e.Eventually(t, "the path belongs to the backend", func() bool {
		anna.send("GET", "", "")
		return len(l.backend.Take()) > 0
	})
}

func TestOwner_CheckWarnsOfRisks(t *testing.T) {
	t.Parallel()
	uri, _ := enrichtest.StartFerretDB(t)
	const base = `listen: 127.0.0.1:0
admin: off
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {secret: %q%s}
documents:
  mongodb: {uri: %q, database: app, collection: users}
  user_id_field: name
access: %s
`
	for _, tt := range []struct {
		audience, access string
		want             []string
		not              []string
	}{
		{"", "{mode: owner-write}", []string{"access.writable: is empty", "verify.audience: is not set"}, []string{"access.allow_privileged"}},
		{", audience: [app]", "{mode: owner-write, writable: [plan], allow_privileged: [plan.role], max_size: 1MiB}",
			[]string{"access.allow_privileged: users can write plan.role", "access.max_size: is larger"}, []string{"access.writable", "verify.audience"}},
		{"", "{mode: owner-read}", nil, []string{"access.writable", "verify.audience"}},
	} {
		file := filepath.Join(t.TempDir(), e2e.File)
		if err := os.WriteFile(file, fmt.Appendf(nil, base, enrichtest.Secret, tt.audience, uri, tt.access), 0o600); err != nil {
			t.Fatal(err)
		}
		_, stdout, stderr := e2e.Run(t, "check", "-c", file)
		for _, want := range tt.want {
			if !strings.Contains(stdout+stderr, want) {
				t.Errorf("check with access: %s does not say %q:\n%s%s", tt.access, want, stdout, stderr)
			}
		}
		for _, not := range tt.not {
			if strings.Contains(stdout+stderr, not) {
				t.Errorf("check with access: %s says %q:\n%s%s", tt.access, not, stdout, stderr)
			}
		}
	}
}
