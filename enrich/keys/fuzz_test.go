package keys_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// Law E1: for any set of the backend, the published set is valid JSON and has no private
// member.
func FuzzJWKS_PublishesNothingPrivate(f *testing.F) {
	f.Add([]byte(`{"keys":[]}`))
	f.Add(setOf(enrichtest.NewIssuer(f, "ES256"), enrichtest.NewIssuer(f, "EdDSA")))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"c2VjcmV0"},{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB","kid":1},{"kty":"AKP","priv":"x"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","\u0064":"AAAA"}]}`))
	path := filepath.Join(f.TempDir(), "jwks.json")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		ring, err := keys.Open(keys.Options{JWKS: path, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			return
		}
		set, maxAge, err := ring.JWKS()
		if err != nil || maxAge < 0 || maxAge > keydir.MaxAge {
			t.Fatalf("JWKS for the set %q: max age %s, %v; want at most %s and no error", text, maxAge, err, keydir.MaxAge)
		}
		var published struct{ Keys []map[string]json.RawMessage }
		if err := json.Unmarshal(set, &published); err != nil {
			t.Fatalf("published %q, which is not valid JSON: %v", set, err)
		}
		for _, key := range published.Keys {
			for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"} {
				if key[private] != nil {
					t.Errorf("published %q, want it without the private member %q", set, private)
				}
			}
		}
	})
}

// Open refuses a file that does not contain a key, and the error does not quote it. For a
// file with a key, only the public half is published.
func FuzzOpen_QuotesNoKeyFile(f *testing.F) {
	issuer := enrichtest.NewIssuer(f, "ES256")
	f.Add(issuer.PublicPEM())
	f.Add(issuer.PrivatePEM())
	for _, block := range []string{"CERTIFICATE", "RSA PUBLIC KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"} {
		f.Add([]byte("-----BEGIN " + block + "-----\nMAYCAQACAQMwBgIBAAIBAw==\n-----END " + block + "-----\n"))
	}
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"))
	path := filepath.Join(f.TempDir(), "key.pem")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, options := range []keys.Options{{PublicKey: path}, {BackendKey: path}} {
			ring, err := keys.Open(options)
			if err != nil {
				checkQuotesNothing(t, err, text)
				continue
			}
			set, _, err := ring.JWKS()
			if err != nil || !json.Valid(set) || strings.Contains(string(set), `"d":`) {
				t.Errorf("with the key file %q the published set is %q, %v; want valid JSON without private members", text, set, err)
			}
		}
	})
}

func checkQuotesNothing(t *testing.T, err error, text []byte) {
	t.Helper()
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); len(line) > 10 && strings.Contains(err.Error(), line) {
			t.Errorf("the error %q quotes the file, want it not to", err)
		}
	}
}
