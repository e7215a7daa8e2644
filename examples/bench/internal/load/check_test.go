package load

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
)

// The checks accept the response that they are for, and reject each fault in it.
func TestChecks_RejectEachFault(t *testing.T) {
	key, other := newKey(t), newKey(t)
	original := response(t, key, 7, "")
	enriched := response(t, key, 7, string(fixture.Document(7, 0)))
	stored := response(t, key, 7, `{"_id":1,`+string(fixture.Document(7, 0)[1:]))
	for _, test := range []struct {
		name  string
		check Check
		body  string
		want  bool
	}{
		{"enriched", Enriched(key, 0), enriched, true},
		{"enriched from MongoDB", Enriched(key, 0), stored, true},
		{"untouched", Untouched(key), original, true},
		{"not enriched", Enriched(key, 0), original, false},
		{"enriched, but should not be", Untouched(key), enriched, false},
		{"key", Enriched(other, 0), enriched, false},
		{"key of the original", Untouched(other), original, false},
		{"user", Enriched(key, 0), response(t, key, 8, string(fixture.Document(8, 0))), false},
		{"document of another user", Enriched(key, 0), response(t, key, 7, string(fixture.Document(8, 0))), false},
		{"size of the document", Enriched(key, 500), enriched, false},
		{"members of the response", Enriched(key, 0), strings.Replace(enriched, "refresh_token", "x", 1), false},
		{"not JSON", Enriched(key, 0), "<html>", false},
	} {
		if err := test.check(7, []byte(test.body)); (err == nil) != test.want {
			t.Errorf("%s: error %v, want %v", test.name, err, map[bool]string{true: "none", false: "one"}[test.want])
		}
	}
}

func newKey(t *testing.T) fixture.Key {
	t.Helper()
	key, err := fixture.NewKey("backend", "HS256")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// response returns the response to the login of a user, whose token has a document if
// that is not empty.
func response(t *testing.T, key fixture.Key, user int, document string) string {
	t.Helper()
	claims, err := json.Marshal(fixture.NewClaims(user, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	if document != "" {
		claims = fmt.Appendf(claims[:len(claims)-1], `,"custom_data":%s}`, document)
	}
	token, err := key.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":60,"refresh_token":"r"}`, token)
}
