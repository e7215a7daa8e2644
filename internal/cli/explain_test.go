package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/sidecar"
)

// explainConfig returns the path of a configuration with documents, and with more settings.
func explainConfig(t *testing.T, settings, documents, users string) string {
	if !strings.Contains(settings, "admin:") {
		settings += "\nadmin: \"off\"\n"
	}
	return writeConfig(t, `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents: {file: users.json, user_id_field: account.id`+documents+"}\n"+settings, map[string]string{"users.json": users})
}

const explainedUsers = `[
	{"_id": 2, "account": {"id": "4712"}, "plan": "pro", "note": "a\u009b31mb"},
	{"_id": 1, "account": {"id": "4712"}, "plan": "free", "passwordHash": "s3cret", "address": {"city": "Wien", "zip": "1010"}},
	{"_id": 3, "account": {"id": 4713}, "plan": "team"},
	{"_id": 4, "account": {"id": "u4"}, "email": "anna@example.com", "note": "\u009b31m"}
]`

func TestExplain_ShowsTheDocumentOfAUser(t *testing.T) {
	for _, tt := range []struct {
		args, settings, documents string
		code                      int
		want                      []string
		not                       string
	}{
		{"4712", "claim: {include: [plan, address.city]}", "", exitOK, []string{
			"lookup:   claim sub, field account.id (user_id_type: auto)", "if the id is a string in the token:", "found, the id has the type string",
			"the user has 2 documents. This one counts, because its _id is the lowest", "claim:    custom_data, 41 of 16384 bytes as JSON",
			"B  plan (string)", "left out:     13 B  address.zip (string) by claim.include", "passwordHash (string) by claim.include",
			"if the id is a number in the token:", "user_id_type: string", "no sidecar answers"}, "pro"},
		{"4712", "claim: {exclude: [_id]}", "", exitOK, []string{"passwordHash (string) by claim.credentials", "passwordHash looks like a credential"}, "free"},
		{"--values 4712", "claim: {exclude: [_id]}", "", exitOK, []string{`plan (string) = "free"`, `_id:      {"$numberInt":"1"}`}, "s3cret"},
		{"--values u4", "", "", exitOK, []string{`note (string) = "\u009b31m"`}, "\u009b"},
		{"4713", "", ", user_id_type: string", 3, []string{"document: none", "user_id_type: auto"}, "4713"},
		{"4713", "", "", exitOK, []string{"found, the id has the type int"}, "4713"},
		{"anna@example.com", "", "", 3, []string{"document: none", "user_id_field: email"}, "anna"},
		{"u4", "claim: {max_size: 1}", "", exitOK, []string{"of 1 bytes as JSON", "(too large, so such tokens pass without the claim: too_large)"}, ""},
		{"u4", "", ", user_id_issuer: issuer", 3, []string{"field issuer with the issuer me"}, ""},
	} {
		path := explainConfig(t, tt.settings, tt.documents, explainedUsers)
		code, stdout, stderr := run(t, append([]string{"explain", "-c", path}, strings.Fields(tt.args)...)...)
		if code != tt.code || tt.not != "" && strings.Contains(stdout+stderr, tt.not) {
			t.Errorf("explain %s with %s: exit code %d and\n%s%s\nwant %d, without %q", tt.args, tt.settings, code, stdout, stderr, tt.code, tt.not)
		}
		for _, want := range tt.want {
			if !strings.Contains(stdout, want) {
				t.Errorf("explain %s with %s prints\n%s%s\nwant %q", tt.args, tt.settings, stdout, stderr, want)
			}
		}
	}
}

func TestExplain_SaysWhatItNeeds(t *testing.T) {
	path := explainConfig(t, "", "", explainedUsers)
	issuers := writeConfig(t, `{listen: "127.0.0.1:0", backend: "http://127.0.0.1:1", rules: [{match: POST /login, tokens: [body]}], verify: {secret: 0123456789abcdef0123456789abcdef},
documents: {file: users.json, user_id_field: account.id, user_id_issuer: issuer}}`, map[string]string{"users.json": explainedUsers})
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{}, exitUsage, "needs exactly one argument, USER_ID"},
		{[]string{""}, exitUsage, "USER_ID is empty"},
		{[]string{"-c", "nosuch.yaml", "u4"}, exitUsage, "nosuch.yaml"},
		{[]string{"-c", issuers, "u4"}, exitUsage, "Name the issuer with --issuer"},
		{[]string{"-c", strings.Replace(path, "tokengraft.yaml", "users.json", 1), "u4"}, exitUsage, "is not valid"},
	} {
		code, stdout, stderr := run(t, append([]string{"explain"}, tt.args...)...)
		if code != tt.code || stdout != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("explain %q: exit code %d, stdout %q, stderr %q; want %d and %q", tt.args, code, stdout, stderr, tt.code, tt.want)
		}
	}
}

// The cache is in another process, so its state comes from the admin listener.
func TestExplain_AsksTheRunningSidecarAboutItsCache(t *testing.T) {
	var asked string
	field := "account.id"
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.URL.EscapedPath()
		fmt.Fprintf(w, `{"source":"file users.json","claim":"sub","field":%q,"field_type":"auto","as":[{"claim_type":"string","cache":{"state":"fresh","read_at":"2026-01-02T03:04:05Z","age_seconds":61,"keep_until":"2026-01-02T04:04:05Z","document_bytes":7}}]}`, field)
	}))
	defer admin.Close()
	path := explainConfig(t, "admin: "+strings.TrimPrefix(admin.URL, "http://"), "", strings.ReplaceAll(explainedUsers, "u4", "a/b c"))
	code, stdout, stderr := run(t, "explain", "-c", path, "a/b c")
	if want := "the running sidecar has a document, read 1m1s ago, for tokens that expire until 2026-01-02T04:04:05Z, 7 bytes"; code != exitOK || !strings.Contains(stdout, want) {
		t.Errorf("explain: exit code %d and\n%s%s\nwant %q", code, stdout, stderr, want)
	}
	if want := "GET /explain/a%2Fb%20c"; asked != want {
		t.Errorf("explain asks the sidecar %q, want %q", asked, want)
	}
	field = "email" // another sidecar of the machine
	if _, stdout, _ := run(t, "explain", "-c", path, "a/b c"); !strings.Contains(stdout, "cache:    not known, because no sidecar answers for this configuration") {
		t.Errorf("explain, if another sidecar has the admin address, prints\n%s\nwant that the cache is not known", stdout)
	}
}

func TestExplain_PrintsJSON(t *testing.T) {
	code, stdout, stderr := run(t, "explain", "-o", "json", "-c", explainConfig(t, "claim: {include: [plan]}", "", explainedUsers), "4712")
	var e sidecar.UserExplanation
	if err := json.Unmarshal([]byte(stdout), &e); err != nil || code != exitOK {
		t.Fatalf("explain -o json: exit code %d, %v, and\n%s%s", code, err, stdout, stderr)
	}
	first := e.As[0]
	got := fmt.Sprintln(e.Found, len(e.As), first.ClaimType, first.Documents, first.Fields, len(first.LeftOut), first.Document.Size, e.As[1].NearMisses[0].Setting)
	if want := "true 2 string 2 [{plan string 14  []}] 4 15 user_id_type: string\n"; got != want {
		t.Errorf("explain -o json: %s, want %s\n%s", got, want, stdout)
	}
	if strings.Contains(stdout, "4712") || strings.Contains(stdout, "free") {
		t.Errorf("explain -o json has an id or a value, want neither:\n%s", stdout)
	}
}
