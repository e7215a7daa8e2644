package oidc_test

import (
	"bytes"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

func base(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return u
}

var (
	backend = base("http://127.0.0.1:9000")
	public  = base("https://auth.example.com")
)

func TestEdit_AddsAlgorithmsToLists(t *testing.T) {
	const list = "id_token_signing_alg_values_supported"
	tests := []struct {
		name, list string
		userInfo   bool
		before     string
		algorithms []string
		after      string
	}{
		{"appended", list, false, `["RS256"]`, []string{"ES256"}, `["RS256","ES256"]`},
		{"several", list, false, `["RS256"]`, []string{"ES256", "RS256", "EdDSA"}, `["RS256","ES256","EdDSA"]`},
		{"once", list, false, `["RS256"]`, []string{"ES256", "ES256"}, `["RS256","ES256"]`},
		{"already in the list, escaped", list, false, `["\u0052S256"]`, []string{"RS256"}, `["\u0052S256"]`},
		{"empty list", list, false, `[]`, []string{"ES256"}, `["ES256"]`},
		{"empty list with white space", list, false, "[ \n]", []string{"ES256"}, "[\"ES256\" \n]"},
		{"order and white space stay", list, false, "[ \"RS256\" ,\t\"HS256\"\n]", []string{"ES256"}, "[ \"RS256\" ,\t\"HS256\",\"ES256\"\n]"},
		{"elements that are not strings stay", list, false, `[1,null]`, []string{"ES256"}, `[1,null,"ES256"]`},
		{"a string stays", list, false, `"RS256"`, []string{"ES256"}, `"RS256"`},
		{"no algorithms", list, false, `["RS256"]`, nil, `["RS256"]`},
		{"access tokens", "access_token_signing_alg_values_supported", false, `["RS256"]`, []string{"ES256"}, `["RS256","ES256"]`},
		{"userinfo that is not signed", "userinfo_signing_alg_values_supported", false, `["RS256"]`, []string{"ES256"}, `["RS256"]`},
		{"userinfo", "userinfo_signing_alg_values_supported", true, `["RS256"]`, []string{"ES256"}, `["RS256","ES256"]`},
		{"algorithms of clients", "token_endpoint_auth_signing_alg_values_supported", true, `["RS256"]`, []string{"ES256"}, `["RS256"]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			document := "{ \"a\" : 1.0,\r\n\"" + tt.list + `" : ` + tt.before + ` , "z":"<&>" } `
			want := strings.Replace(document, tt.before, tt.after, 1)
			got := string(oidc.Edit([]byte(document), oidc.Edits{Algorithms: tt.algorithms, UserInfo: tt.userInfo}))
			if got != want {
				t.Errorf("Edit(%s) = %s, want %s", document, got, want)
			}
		})
	}
}

func TestEdit_ReplacesPrivateAddresses(t *testing.T) {
	tests := []struct{ name, before, after string }{
		{"path", `"http://127.0.0.1:9000/t?a=b#c"`, `"https://auth.example.com/t?a=b#c"`},
		{"no path", `"http://127.0.0.1:9000"`, `"https://auth.example.com"`},
		{"query", `"http://127.0.0.1:9000?q"`, `"https://auth.example.com?q"`},
		{"fragment", `"http://127.0.0.1:9000#f"`, `"https://auth.example.com#f"`},
		{"slashes stay", `"http://127.0.0.1:9000//t/"`, `"https://auth.example.com//t/"`},
		{"escaped slashes", `"http:\/\/127.0.0.1:9000\/t\/u"`, `"https://auth.example.com\/t\/u"`},
		{"escaped letters", `"\u0068ttp://127.0.0.\u0031:9000/\u0074"`, `"https://auth.example.com/\u0074"`},
		{"upper case", `"HTTP://127.0.0.1:9000/T"`, `"https://auth.example.com/T"`},
		{"list", `[ "http://127.0.0.1:9000/a" ,1, "x", "http://127.0.0.1:9000/b" ]`, `[ "https://auth.example.com/a" ,1, "x", "https://auth.example.com/b" ]`},
		{"another port", `"http://127.0.0.1:90001/t"`, ``},
		{"no port", `"http://127.0.0.1/t"`, ``},
		{"another scheme", `"https://127.0.0.1:9000/t"`, ``},
		{"longer host", `"http://127.0.0.1:9000.evil.example/t"`, ``},
		{"backend's address as a user", `"http://127.0.0.1:9000@evil.example/t"`, ``},
		{"user name", `"http://me@127.0.0.1:9000/t"`, ``},
		{"not at the start", `"see http://127.0.0.1:9000/t"`, ``},
		{"in a query", `"https://a.example/?u=http://127.0.0.1:9000/"`, ``},
		{"number", `9000`, ``},
		{"object", `{"u":"http://127.0.0.1:9000/t"}`, ``},
		{"empty list", `[]`, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			document := `{"issuer":"http://127.0.0.1:9000", "x" : ` + tt.before + ` ,"z":1.0}`
			want := document
			if tt.after != "" {
				want = `{"issuer":"http://127.0.0.1:9000", "x" : ` + tt.after + ` ,"z":1.0}`
			}
			got := string(oidc.Edit([]byte(document), oidc.Edits{Backend: backend, PublicURL: public}))
			if got != want {
				t.Errorf("Edit(%s) = %s, want %s", document, got, want)
			}
		})
	}
}

func TestEdit_KnowsDefaultPorts(t *testing.T) {
	tests := []struct{ backend, address, want string }{
		{"http://b:80", "http://b/t", "https://auth.example.com/t"},
		{"http://b", "http://b:80/t", "https://auth.example.com/t"},
		{"https://b", "https://b:443/t", "https://auth.example.com/t"},
		{"https://b:80", "https://b/t", "https://b/t"},
		{"http://[::1]:9", "http://[::1]:9/t", "https://auth.example.com/t"},
	}
	for _, tt := range tests {
		got := oidc.Edit([]byte(`{"a":"`+tt.address+`"}`), oidc.Edits{Backend: base(tt.backend), PublicURL: public})
		if want := `{"a":"` + tt.want + `"}`; string(got) != want {
			t.Errorf("Edit with backend %s and address %s = %s, want %s", tt.backend, tt.address, got, want)
		}
	}
}

func TestEdit_ReplacesAliasesOfMutualTLS(t *testing.T) {
	const (
		before = `{"mtls_endpoint_aliases" : { "token_endpoint":"http://127.0.0.1:9000/t" , "n":1 },"other":{"a":"http://127.0.0.1:9000/t"}}`
		after  = `{"mtls_endpoint_aliases" : { "token_endpoint":"https://auth.example.com/t" , "n":1 },"other":{"a":"http://127.0.0.1:9000/t"}}`
	)
	if got := oidc.Edit([]byte(before), oidc.Edits{Backend: backend, PublicURL: public}); string(got) != after {
		t.Errorf("Edit(%s) = %s, want %s", before, got, after)
	}
}

// Some backends write null for a member that they do not have.
func TestEdit_IgnoresNullSignedMetadata(t *testing.T) {
	const before, after = `{"signed_metadata":null,"a":"http://127.0.0.1:9000/t"}`, `{"signed_metadata":null,"a":"https://auth.example.com/t"}`
	if got := oidc.Edit([]byte(before), oidc.Edits{Backend: backend, PublicURL: public}); string(got) != after {
		t.Errorf("Edit(%s) = %s, want %s", before, got, after)
	}
}

func TestEdit_ReturnsADocumentWithNothingToChange(t *testing.T) {
	all := oidc.Edits{Algorithms: []string{"ES256"}, UserInfo: true, Backend: backend, PublicURL: public}
	const (
		list    = `"id_token_signing_alg_values_supported":["RS256"]`
		address = `"token_endpoint":"http://127.0.0.1:9000/t"`
	)
	tests := []struct {
		name, document string
		edits          oidc.Edits
	}{
		{"no edits", `{` + list + `,` + address + `}`, oidc.Edits{}},
		{"no public URL", `{` + address + `}`, oidc.Edits{Backend: backend}},
		{"algorithms already listed", `{` + list + `}`, oidc.Edits{Algorithms: []string{"RS256"}}},
		{"issuer", `{"issuer":"http://127.0.0.1:9000"}`, all},
		{"signed_metadata", `{` + list + `,` + address + `,"signed_metadata":"eyJ"}`, all},
		{"duplicate members", `{` + list + `,` + list + `,` + address + `,` + address + `}`, all},
		{"not JSON", `{` + list + `,` + address, all},
		{"array", `[` + `"http://127.0.0.1:9000/t"` + `]`, all},
		{"empty", ``, all},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(oidc.Edit([]byte(tt.document), tt.edits)); got != tt.document {
				t.Errorf("Edit(%s) = %s, want the same document", tt.document, got)
			}
		})
	}
}

func TestEdit_EditsWhatParseReads(t *testing.T) {
	const list = `"id_token_signing_alg_values_supported":["RS256"%s]}`
	for _, before := range []string{"\ufeff{", `{"a":1,"a":2,`, "{\"a\":\"\xff\","} {
		document, want := before+fmt.Sprintf(list, ""), before+fmt.Sprintf(list, `,"ES256"`)
		if got := string(oidc.Edit([]byte(document), oidc.Edits{Algorithms: []string{"ES256"}})); got != want {
			t.Errorf("Edit(%q) = %q, want %q", document, got, want)
		}
	}
}

func TestEdit_ChangesOnlyListsAndAddressesOfRealDocuments(t *testing.T) {
	tests := []struct {
		backend   string
		address   string
		addresses int // how many are replaced
		lists     int // how many get ES256K
	}{
		{"hydra", "http://127.0.0.1:14444", 7, 1},
		{"zitadel", "http://localhost:19998", 8, 1},
		{"glewlwyd", "http://127.0.0.1:34593", 7, 2},
	}
	for _, tt := range tests {
		t.Run(tt.backend, func(t *testing.T) {
			document := captured(t, tt.backend)
			edits := oidc.Edits{Algorithms: []string{"ES256K"}, Backend: base(tt.address), PublicURL: public}
			got := oidc.Edit(document, edits)
			if n := bytes.Count(got, []byte(public.String())); n != tt.addresses {
				t.Errorf("Edit made %d public addresses, want %d: %s", n, tt.addresses, got)
			}
			if n := bytes.Count(got, []byte(`,"ES256K"`)); n != tt.lists {
				t.Errorf("Edit added ES256K to %d lists, want %d: %s", n, tt.lists, got)
			}
			back := bytes.ReplaceAll(got, []byte(public.String()), []byte(tt.address))
			if back = bytes.ReplaceAll(back, []byte(`,"ES256K"`), nil); !bytes.Equal(back, document) {
				t.Errorf("Edit changed other bytes. With its edits reverted it is\n%s\nwant\n%s", back, document)
			}
			if again := oidc.Edit(got, edits); !bytes.Equal(again, got) {
				t.Errorf("a second Edit returned %s, want %s", again, got)
			}
		})
	}
}

// FuzzEdit_ChangesOnlyListsAndAddresses tests law C4. The edited document can still be
// parsed. Only lists and addresses change: lists get algorithms, and private addresses
// become public. All other bytes stay.
func FuzzEdit_ChangesOnlyListsAndAddresses(f *testing.F) {
	for _, name := range []string{"hydra", "zitadel", "glewlwyd"} {
		f.Add(captured(f, name))
	}
	f.Add([]byte("{\"issuer\":\"http://b:9\" , \"a\":[\"http:\\/\\/b:9\\/\",{},\"\\u0068ttp://b:9\"],\n\"mtls_endpoint_aliases\":{\"x\":\"http://b:9?\"}}"))
	f.Add([]byte(`{"id_token_signing_alg_values_supported":[ ],"userinfo_signing_alg_values_supported":["none"]}`))
	f.Add([]byte(`{"signed_metadata":"x","a":"http://b:9"}`))
	f.Add([]byte("\ufeff{\"id_token_signing_alg_values_supported\":[\"RS256\",\"\xdf\"],\"a\":\"\xdf\",\"b\":[\"\xdf\",\"http://b:9\"],\"a\":\"http://b:9\"}"))
	edits := oidc.Edits{Algorithms: []string{"ES256", "RS256"}, UserInfo: true, Backend: base("http://b:9"), PublicURL: public}
	f.Fuzz(func(t *testing.T, document []byte) {
		before := bytes.Clone(document)
		edited := oidc.Edit(document, edits)
		if !bytes.Equal(document, before) {
			t.Fatalf("Edit(%q) wrote to its argument: %q", before, document)
		}
		was, err := jsonedit.ParseLenient(document)
		if err != nil {
			if !bytes.Equal(edited, document) {
				t.Fatalf("Edit(%q) = %q, want the same document: it cannot be parsed", document, edited)
			}
			return
		}
		is, err := jsonedit.ParseLenient(edited)
		if err != nil {
			t.Fatalf("Edit(%q) = %q, which cannot be parsed: %v", document, edited, err)
		}
		if !bytes.Equal(skeleton(was), skeleton(is)) {
			t.Fatalf("Edit(%q) = %q, want no byte outside the values to change", document, edited)
		}
		next, stop := iter.Pull2(is.Members()) // in the same order
		defer stop()
		for name, value := range was.Members() {
			if _, now, _ := next(); !bytes.Equal(now, value) && (was.Repeats(name) || !mayBecome(t, value, now)) {
				t.Fatalf("Edit changed %q from %q to %q, want only new algorithms and public addresses", name, value, now)
			}
		}
		if again := oidc.Edit(edited, edits); !bytes.Equal(again, edited) {
			t.Fatalf("Edit(%q) = %q, and a second Edit = %q, want the same", document, edited, again)
		}
	})
}

// skeleton returns the text of an object with the value of every member, of repeated ones
// the first, replaced by 0.
func skeleton(o *jsonedit.Object) []byte {
	zeros := o.Clone()
	for name := range o.Members() {
		zeros.Set(name, []byte("0"))
	}
	return zeros.Bytes()
}

// mayBecome reports whether a value may change from was to is: private addresses
// become public, and algorithms are appended.
func mayBecome(t *testing.T, was, is []byte) bool {
	if was[0] == '{' {
		return bytes.Equal(skeleton(parsed(t, was)), skeleton(parsed(t, is))) && bytes.Contains(is, []byte(public.String()))
	}
	from, to := literals(t, was), literals(t, is)
	for i, literal := range from {
		rest, moved := strings.CutPrefix(to[i], `"`+public.String())
		if to[i] != literal && !(moved && strings.HasSuffix(literal, rest)) {
			return false
		}
	}
	return !slices.ContainsFunc(to[len(from):], func(added string) bool { return added != `"ES256"` && added != `"RS256"` })
}

// literals returns a string, or the strings of a list, with quotes and escapes.
func literals(t *testing.T, value []byte) []string {
	var at jsonedit.Path
	if value[0] == '[' {
		at = jsonedit.Path{"*"}
	}
	spans, err := jsonedit.Strings(value, at)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, s := range spans {
		all = append(all, string(value[s.Start:s.End]))
	}
	return all
}

func parsed(t *testing.T, text []byte) *jsonedit.Object {
	o, err := jsonedit.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return o
}
