package enrich_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// A format1Token is an enriched token that a version before format 2 made, with the key
// that signed it.
type format1Token struct {
	Name       string `json:"name"`
	Key        string `json:"key"`         // a file of sign.keys
	Secret     string `json:"secret"`      // verify.secret
	BackendKey string `json:"backend_key"` // sign.backend_key
	Original   string `json:"original"`
	Enriched   string `json:"enriched"`
}

// format1Tokens returns the tokens in testdata/format1.json. A version before format 2
// wrote the file, so do not make it again.
func format1Tokens(t *testing.T) (tokens []format1Token) {
	t.Helper()
	text, err := os.ReadFile("testdata/format1.json")
	if err == nil {
		err = json.Unmarshal(text, &tokens)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// enricher returns an enricher with the key of the token.
func (token format1Token) enricher(t *testing.T) *enrich.Enricher {
	t.Helper()
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return newFixture(t, "EdDSA", func(o *keys.Options, _ *enrich.Options) {
		o.Secret = []byte(token.Secret)
		if token.Key != "" {
			o.Dir = filepath.Dir(write("own.pem", token.Key))
		}
		if token.BackendKey != "" {
			o.JWKS, o.Dir, o.BackendKey = "", "", write("backend.pem", token.BackendKey)
		}
	}).Enricher
}

// Format 1 restores for as long as its tokens live.
func TestRestore_RestoresFormat1(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 16 // with the race detector, a signature takes long
	}
	for _, token := range format1Tokens(t) {
		t.Run(token.Name, func(t *testing.T) {
			e := token.enricher(t)
			if original, ok := e.Restore(token.Enriched); !ok || original != token.Original {
				t.Errorf("restored %v to %s, want %s", ok, original, token.Original)
			}
			for i := 0; i < len(token.Enriched); i += step {
				tampered := token.Enriched[:i] + string(token.Enriched[i]^1) + token.Enriched[i+1:]
				if original, ok := e.Restore(tampered); ok {
					t.Errorf("byte %d changed: restored to %s, want it refused", i, original)
				}
			}
		})
	}
}

// A record of format 1 is refused in the place of format 2, and the reverse.
func TestRestore_FormatsHaveTheirPlaces(t *testing.T) {
	token := format1Tokens(t)[0]
	e := token.enricher(t)
	header, claims := enrichtest.DecodeToken(t, token.Enriched)
	_, record, _ := strings.Cut(header, `"tgr":"`)
	record = strings.TrimSuffix(record, `"}`)
	issuer := enrichtest.NewIssuer(t, "HS256") // has the secret of the token
	for _, moved := range []string{
		issuer.TokenWithHeader(`{"alg":"HS256"}`, strings.TrimSuffix(claims, "}")+`,"tgr":"`+record+`"}`),
		issuer.TokenWithHeader(`{"alg":"HS256"}`, strings.TrimSuffix(claims, "}")+`,"tgr":"Ag`+record[2:]+`"}`),
		issuer.TokenWithHeader(strings.Replace(header, record, "Ag"+record[2:], 1), claims),
	} {
		if original, ok := e.Restore(moved); ok {
			t.Errorf("restored %s to %s, want it refused", moved, original)
		}
	}
}
