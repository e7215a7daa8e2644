package owner_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/owner"
)

func TestWrite_ChangesOnlyWhatTheRequestChanges(t *testing.T) {
	const rest = `"since":{"$date":"1970-01-01T00:00:00Z"},`
	tests := []struct{ name, method, kind, body, want string }{
		{"a merge patch", "PATCH", merge, `{"lang":"de","address":{"zip":"3000"}}`, `{"_id":1,"uid":"anna","lang":"de","n":9007199254740991,` + rest + `"address":{"city":"Bern","zip":"3000"},"tags":["a","b"],"secretly":7,"isAdmin":false}`},
		{"a merge patch as application/json", "PATCH", "application/json; charset=UTF-8", `{"address":null}`, `{"_id":1,"uid":"anna","lang":"en","n":9007199254740991,` + rest + `"tags":["a","b"],"secretly":7,"isAdmin":false}`},
		{"a JSON patch", "PATCH", patch, `[{"op":"test","path":"/n","value":9007199254740991},{"op":"replace","path":"/n","value":9007199254740993},{"op":"move","from":"/lang","path":"/tags/-"},{"op":"copy","from":"/address/city","path":"/a~1b"}]`,
			`{"_id":1,"uid":"anna","n":9007199254740993,` + rest + `"address":{"city":"Bern"},"tags":["a","b","en"],"secretly":7,"isAdmin":false,"a/b":"Bern"}`},
		{"a PUT", "PUT", "application/json", `{"_id":1,"uid":"anna","since":"1970-01-01T00:00:00.000Z","isAdmin":false,"lang":"de"}`, `{"_id":1,"uid":"anna","lang":"de",` + rest + `"secretly":7,"isAdmin":false}`},
		{"a date", "PATCH", merge, `{"since":{"$date":"2024-01-01T00:00:00Z"},"n":1,"tags":[],"address":{"city":null}}`, `{"_id":1,"uid":"anna","lang":"en","n":1,"since":{"$date":"2024-01-01T00:00:00Z"},"address":{},"tags":[],"secretly":7,"isAdmin":false}`},
	}
	for _, tt := range tests {
		c, send := start(t, nil)
		w := send(tt.method, tt.kind, tt.body)
		if w.Code != 200 || c.text() != tt.want {
			t.Errorf("%s: %d %s, the document is\n%s, want\n%s", tt.name, w.Code, w.Body, c.text(), tt.want)
		}
		if now := send("GET", "", ""); now.Body.String() != w.Body.String() || now.Header().Get("ETag") != w.Header().Get("ETag") {
			t.Errorf("%s: the answer is %s, but GET has %s", tt.name, w.Body, now.Body)
		}
		if !slices.Contains(c.evicted, "anna") {
			t.Errorf("%s: the document was not evicted", tt.name)
		}
	}
}

func TestWrite_RefusesWhatUsersMayNotWrite(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	tests := []struct {
		name, kind, body string
		status           int
		names            string // what the problem must name
	}{
		{"_id", merge, `{"_id":2}`, 403, "_id"},
		{"_id, escaped", merge, `{"\u005fid":2}`, 403, "_id"},
		{"_id, removed", merge, `{"_id":null}`, 403, "_id"},
		{"the user id", merge, `{"uid":"bert"}`, 403, "uid"},
		{"the user id, moved", patch, `[{"op":"move","from":"/uid","path":"/x"}]`, 403, "uid"},
		{"the user id, copied into", patch, `[{"op":"copy","from":"/lang","path":"/uid"}]`, 403, "uid"},
		{"the whole document", patch, `[{"op":"replace","path":"","value":{}}]`, 403, "uid"},
		{"a hidden field", merge, `{"secretly":1}`, 403, "secretly"},
		{"a privileged field", merge, `{"isAdmin":true}`, 403, "isAdmin"},
		{"a privileged field, removed", merge, `{"isAdmin":null}`, 403, "isAdmin"},
		{"a privileged field within", merge, `{"address":{"roles":["a"]}}`, 403, "address.roles"},
		{"a privileged field in an array", merge, `{"tags":[{"x":{"user_role":1}}]}`, 403, "tags.x.user_role"},
		{"what a rule reads", merge, `{"plan":{"level":3}}`, 403, "plan.level"},
		{"a parent of what a rule reads", merge, `{"plan":3}`, 403, "plan (access"},
		{"a credential", merge, `{"apiKey":"x"}`, 403, "apiKey"},
		{"several", merge, `{"isAdmin":true,"lang":"de","uid":"x"}`, 403, "isAdmin"},
		{"an operator", merge, `{"$set":{"isAdmin":true}}`, 403, "$set"},
		{"an operator within", merge, `{"address":{"$inc":1}}`, 403, "address"},
		{"a name with a dot", merge, `{"address.city":"x"}`, 403, "address.city"},
		{"a prototype", merge, `{"__proto__":{"lang":1}}`, 403, "__proto__"},
		{"a name with a zero byte", merge, `{"a\u0000b":1}`, 403, "a"},
		{"a name with a zero byte in an array", merge, `{"tags":[{"a\u0000b":1}]}`, 403, "tags"},
		{"an unknown type", merge, `{"lang":{"$where":"1"}}`, 403, "lang"},
		{"a regular expression", merge, `{"tags":[{"x":{"$regularExpression":{"pattern":"","options":""}}}]}`, 403, "tags"},
		{"code", merge, `{"lang":{"$code":"1"}}`, 403, "lang"},

		{"a member twice", merge, `{"lang":"de","lang":"fr"}`, 400, ""},
		{"a member twice, escaped", merge, `{"lang":"de","l\u0061ng":"fr"}`, 400, ""},
		{"not UTF-8", merge, "{\"lang\":\"\xff\"}", 400, ""},
		{"half a surrogate pair", merge, `{"lang":"\ud800"}`, 400, ""},
		{"too deep", merge, deep, 400, ""},
		{"not JSON", merge, `{"lang":`, 400, ""},
		{"two values", merge, `{} {}`, 400, ""},
		{"an operation that is unknown", patch, `[{"op":"inc","path":"/n"}]`, 400, ""},
		{"a path without a slash", patch, `[{"op":"add","path":"lang","value":1}]`, 400, ""},
		{"a path with ~2", patch, `[{"op":"add","path":"/~2","value":1}]`, 400, ""},
		{"10,000 operations", patch, "[" + strings.Repeat(`{},`, 9999) + "{}]", 413, ""},
		{"many operations", patch, "[" + strings.Repeat(`{},`, 999) + "{}]", 400, ""},
		{"a failed test", patch, `[{"op":"replace","path":"/lang","value":"x"},{"op":"test","path":"/lang","value":"y"}]`, 409, ""},
		{"an index beyond the array", patch, `[{"op":"add","path":"/tags/3","value":"x"}]`, 409, ""},
		{"a negative index", patch, `[{"op":"replace","path":"/tags/-1","value":"x"}]`, 409, ""},
		{"an index with a zero", patch, `[{"op":"replace","path":"/tags/01","value":"x"}]`, 409, ""},
		{"no array in the end", merge, `[]`, 422, ""},
		{"growth by copies", patch, "[" + strings.Repeat(`{"op":"copy","from":"","path":"/x"},`, 40) + `{"op":"remove","path":"/x"}]`, 413, ""},
		{"too large", merge, `{"lang":"` + strings.Repeat("x", 2000) + `"}`, 413, ""},
		{"another content type", "text/plain", `{}`, 415, ""},
		{"another charset", merge + "; charset=latin1", `{}`, 415, ""},
	}
	for _, tt := range tests {
		c, send := start(t, nil)
		before := c.text()
		w := send("PATCH", tt.kind, tt.body)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.names) || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s, want %d with %q", tt.name, w.Code, w.Body, tt.status, tt.names)
		}
		if after := c.text(); after != before || len(c.evicted) > 0 {
			t.Errorf("%s: the document is %s, want it unchanged", tt.name, after)
		}
	}
	if _, send := start(t, nil); send("PUT", merge, `{}`).Code != 415 {
		t.Error("a PUT of a merge patch is not 415")
	}
}

func TestWrite_OnlyWritablePaths(t *testing.T) {
	rules := func(o *owner.Options) {
		o.Rules.Writable, o.Rules.AllowPrivileged = []string{"address.zip", "isAdmin", "new.name"}, []string{"isAdmin"}
	}
	for body, want := range map[string]int{
		`{"address":{"zip":"1"}}`:            200,
		`{"isAdmin":true}`:                   200,
		`{"new":{"name":"x"}}`:               200,
		`{"new":{"name":"x","other":1}}`:     403,
		`{"address":{"city":"x"}}`:           403,
		`{"address":{"zip":"1","city":"x"}}`: 403,
		`{"address":null}`:                   403,
		`{"lang":"de"}`:                      403,
		`{}`:                                 200,
	} {
		if _, send := start(t, rules); send("PATCH", merge, body).Code != want {
			t.Errorf("PATCH %s is not %d: %s", body, want, send("PATCH", merge, body).Body)
		}
	}
}

func TestWrite_IfMatch(t *testing.T) {
	c, send := start(t, nil)
	etag := send("GET", "", "").Header().Get("ETag")
	for _, tt := range []struct {
		condition string
		want      int
	}{{`"other"`, 412}, {"W/" + etag, 412}, {`"other", ` + etag, 200}, {etag, 412}, {"*", 200}} {
		if w := send("PATCH", merge, `{"lang":"de"}`, "If-Match: "+tt.condition); w.Code != tt.want {
			t.Errorf("PATCH with If-Match: %s = %d %s, want %d", tt.condition, w.Code, w.Body, tt.want)
		}
	}
	if w := send("PUT", "application/json", `{}`, "If-None-Match: *"); w.Code != 412 {
		t.Errorf("PUT with If-None-Match: * = %d, want 412: it must not create a document", w.Code)
	}
	// Another writer changes the document between the check and the write.
	etag = send("GET", "", "").Header().Get("ETag")
	c.before = func(c *collection) { c.before = nil; c.set(strings.Replace(annas, `"en"`, `"fr"`, 1)) }
	if w := send("PATCH", merge, `{"lang":"it"}`, "If-Match: "+etag); w.Code != 412 || !strings.Contains(c.text(), `"fr"`) {
		t.Errorf("PATCH with If-Match during another write = %d, the document is %s; want 412 and fr", w.Code, c.text())
	}
}

func TestWrite_AppliesAPatchAgainAfterAConcurrentWrite(t *testing.T) {
	c, send := start(t, nil)
	c.before = func(c *collection) { c.before = nil; c.set(strings.Replace(annas, `["a","b"]`, `["a","b","c"]`, 1)) }
	if w := send("PATCH", patch, `[{"op":"add","path":"/tags/-","value":"d"}]`); w.Code != 200 || !strings.Contains(c.text(), `["a","b","c","d"]`) {
		t.Errorf("PATCH during another write = %d %s, the document is %s; want both items", w.Code, w.Body, c.text())
	}
	n := 0
	c.before = func(c *collection) {
		n++
		c.set(strings.Replace(annas, `"en"`, fmt.Sprintf(`"%d"`, n), 1))
	}
	if w := send("PATCH", merge, `{"lang":"it"}`); w.Code != 503 || n > 10 {
		t.Errorf("PATCH that others always precede = %d after %d attempts, want 503 after a few", w.Code, n)
	}
}

func TestWrite_Schema(t *testing.T) {
	file := filepath.Join(t.TempDir(), "schema.json")
	write := func(schema string) (*owner.Schema, error) {
		if err := os.WriteFile(file, []byte(schema), 0o600); err != nil {
			t.Fatal(err)
		}
		return owner.OpenSchema(file)
	}
	for _, bad := range []string{`{`, `{"type":7}`, `{"$ref":"http://127.0.0.1:1/x"}`, `{"$ref":"file:///etc/passwd"}`} {
		if _, err := write(bad); err == nil {
			t.Errorf("OpenSchema(%s) has no error", bad)
		}
	}
	schema, err := write(`{"properties":{"lang":{"enum":["en","de"]},"mail":{"format":"email"},"address":{"required":["city"]}}}`)
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{
		`{"lang":"de","mail":"a@b.ch"}`:           "",
		`{"lang":"hush"}`:                         "/lang (enum)",
		`{"mail":"x"}`:                            "/mail (format)",
		`{"address":{"city":null},"lang":"hush"}`: "/address (required), /lang (enum)",
	} {
		_, send := start(t, func(o *owner.Options) { o.Schema = schema })
		w := send("PATCH", merge, body)
		if status := map[bool]int{true: 200, false: 422}[want == ""]; w.Code != status || want != "" && (!strings.Contains(w.Body.String(), want) || strings.Contains(w.Body.String(), "hush")) {
			t.Errorf("PATCH %s = %d %s, want %d with %q and no value", body, w.Code, w.Body, status, want)
		}
	}
}
