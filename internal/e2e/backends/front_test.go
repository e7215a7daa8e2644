package backends_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A front is a sidecar in front of a backend, with a tap between them.
type front struct {
	*e2e.Sidecar
	tap *tap
}

// startFront starts a sidecar. In the configuration, BACKEND is the URL of the backend.
func startFront(t *testing.T, backend e2e.Address, o e2e.Options) *front {
	t.Helper()
	tap := startTap(t, backend)
	o.Configuration = strings.ReplaceAll(o.Configuration, "BACKEND", tap.URL)
	return &front{e2e.Start(t, o), tap}
}

const (
	asJSON = "Content-Type: application/json"
	asForm = "Content-Type: application/x-www-form-urlencoded"
)

// ask sends a request through the sidecar. The answer must be the backend's in every byte
// but those of its tokens. It also returns the backend's answer.
func (f *front) ask(t *testing.T, method, target, body string, lines ...string) (got, original e2e.Reply) {
	t.Helper()
	f.tap.take()
	got = f.Public.Ask(t, method, target, body, lines...)
	path, _, _ := strings.Cut(target, "?")
	original = f.tap.last(t, path).answer
	if left, right := withoutTokens(got), withoutTokens(original); left != right {
		t.Errorf("%s %s: the answer is not the backend's\n%s", method, path, e2e.FirstDifference(left, right))
	}
	return got, original
}

// withoutTokens returns an answer as text, with a word for each token. It leaves out the
// length, and sorts the header lines.
func withoutTokens(r e2e.Reply) string {
	var text strings.Builder
	fmt.Fprintln(&text, r.Status)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if name != "Content-Length" {
			fmt.Fprintln(&text, name, r.Header[name])
		}
	}
	text.WriteString(r.Body)
	all := text.String()
	for _, token := range e2e.Tokens(all) {
		all = strings.Replace(all, token, "TOKEN", 1)
	}
	return all
}

// tokensIn returns the tokens of an answer by the names of their members or parameters.
func tokensIn(r e2e.Reply) map[string]string {
	found := map[string]string{}
	for _, match := range named.FindAllStringSubmatch(strings.Join(r.Header["Location"], "")+r.Body, -1) {
		if tokens := e2e.Tokens(match[2]); len(tokens) == 1 {
			found[match[1]] = tokens[0]
		}
	}
	return found
}

var named = regexp.MustCompile(`(\w+)(?:=|":"|" value=")(eyJ[\w.-]+)`)

// wantTokens wants an answer to have enriched tokens with these names, and no other ones.
// In each of them only the claim, the record and the hashes of other tokens differ from
// the original; its header has the same names. An empty document stands for no claim.
func wantTokens(t *testing.T, what string, got, original e2e.Reply, document string, names ...string) map[string]string {
	t.Helper()
	tokens, originals := tokensIn(got), tokensIn(original)
	for name, token := range tokens {
		if !slices.Contains(names, name) {
			if token != originals[name] {
				t.Errorf("%s: %s is changed, want the backend's", what, name)
			}
			continue
		}
		if document == "" {
			if token != originals[name] {
				t.Errorf("%s: %s is changed, want the backend's: there is no document", what, name)
			}
			continue
		}
		if originals[name] == "" || token == originals[name] {
			t.Errorf("%s: %s is the backend's, want it enriched", what, name)
			continue
		}
		checkToken(t, what+", "+name, token, originals[name], document)
	}
	for _, name := range names {
		if tokens[name] == "" {
			t.Fatalf("%s: there is no %s in %d %v %s", what, name, got.Status, got.Header["Location"], got.Body)
		}
	}
	return tokens
}

var hashes = regexp.MustCompile(`"((?:at|c|s)_hash)":"[\w-]+"`)

func checkToken(t *testing.T, what, token, original, document string) {
	t.Helper()
	header, claims := enrichtest.DecodeToken(t, token)
	originalHeader, originalClaims := enrichtest.DecodeToken(t, original)
	if got, want := withoutKey(t, header), withoutKey(t, originalHeader); !maps.Equal(got, want) {
		t.Errorf("%s: the header is %s, want only alg and kid to differ from %s", what, header, originalHeader)
	}
	if size := strings.IndexByte(token, '.'); size > 512 {
		t.Errorf("%s: the header has %d bytes, want at most 512", what, size)
	}
	claims, record := enrichtest.CutRecord(claims)
	if record == "" {
		t.Errorf("%s: there is no record in the claims %s", what, claims)
	}
	want := strings.TrimSuffix(originalClaims, "}") + `,"custom_data":` + document + "}"
	if got, want := hashes.ReplaceAllString(claims, "$1"), hashes.ReplaceAllString(want, "$1"); got != want {
		t.Errorf("%s: the claims are\n%s, want\n%s", what, got, want)
	}
}

// withoutKey returns the members of a token's header that do not say how it is signed.
func withoutKey(t *testing.T, header string) map[string]string {
	t.Helper()
	members := map[string]string{}
	if err := json.Unmarshal([]byte(header), &members); err != nil {
		t.Fatalf("header %s: %v", header, err)
	}
	delete(members, "alg")
	delete(members, "kid")
	return members
}

// wantStatus fails the test if an answer has another status.
func wantStatus(t *testing.T, what string, got e2e.Reply, status int) {
	t.Helper()
	if got.Status != status {
		t.Fatalf("%s: got %d %s, want %d", what, got.Status, got.Body, status)
	}
}
