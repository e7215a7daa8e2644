package keys_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// The reason bad_token says why no setting helps.
func TestVerify_NamesABackendWhoseKeysDifferPerUser(t *testing.T) {
	const pocketBase = `{"collectionId":"_pb_users_auth_","exp":4102444800,"id":"u1","refreshable":true,"type":"auth"}`
	const explained = "This looks like PocketBase, whose keys differ per user: it is not supported"
	hs, es := enrichtest.NewIssuer(t, "HS256"), enrichtest.NewIssuer(t, "ES256")
	hs.Private = []byte("the key of a record and the secret of its collection")
	rings := map[string]*keys.Ring{
		"a secret":       open(t, keys.Options{Secret: []byte(enrichtest.Secret)}, nil),
		"a secret, iss":  open(t, keys.Options{Secret: []byte(enrichtest.Secret), Issuers: []string{"x"}}, nil),
		"keys of a file": openFile(t, setOf(es), nil),
	}
	for name, ring := range rings {
		for claims, want := range map[string]bool{
			pocketBase: true,
			strings.Replace(pocketBase, `"auth"`, `"authRecord"`, 1): true,
			strings.Replace(pocketBase, `"auth"`, `"file"`, 1):       false,
			`{"sub":"u1","type":"auth","id":"u1"}`:                   false,
		} {
			_, err := verify(t, ring, hs.Token(claims))
			if verdict(err) == good || strings.Contains(err.Error(), explained) != want {
				t.Errorf("%s: Verify of a token with %s = %v, want it to say %q: %v", name, claims, err, explained, want)
			}
		}
	}
	shared := open(t, keys.Options{Secret: hs.Private.([]byte)}, nil)
	if _, err := verify(t, shared, hs.Token(pocketBase)); err != nil {
		t.Errorf("Verify with the right secret = %v, want no error", err)
	}
}

// B3: a token in a page does not make the ring fetch keys.
func TestRecognize_DoesNotFetch(t *testing.T) {
	es, other := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
	recognize := func(ring *keys.Ring, raw string) error {
		parsed, err := enrich.ParseToken(raw)
		if err != nil {
			t.Fatal(err)
		}
		return ring.Recognize(parsed)
	}
	known := openFile(t, setOf(es), nil)
	if err := recognize(known, token(es)); err != nil {
		t.Errorf("Recognize of a token of the backend = %v, want no error", err)
	}
	if err := recognize(known, token(other)); !errors.Is(err, enrich.ErrBadToken) {
		t.Errorf("Recognize of a stranger's token = %v, want ErrBadToken", err)
	}
	unknown := open(t, keys.Options{JWKS: "http://127.0.0.1:1/jwks.json"}, nil)
	if err := recognize(unknown, token(es)); err == nil || errors.Is(err, enrich.ErrBadToken) || errors.Is(err, enrich.ErrNotOurs) {
		t.Errorf("Recognize without keys = %v, want an error that decides nothing", err)
	}
}
