package keys_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

func TestOpen_ErrorNamesTheWrongOption(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	secret := []byte(enrichtest.Secret)
	private, public := file(t, issuer.PrivatePEM()), file(t, issuer.PublicPEM())
	tests := []struct {
		name    string
		options keys.Options
		want    string
	}{
		{"zero options", keys.Options{}, "JWKS"},
		{"no keys of the backend", keys.Options{Dir: t.TempDir()}, "JWKS"},
		{"two addresses", keys.Options{JWKS: jwksURL, Discovery: true}, "Discovery"},
		{"a set and a public key", keys.Options{JWKS: jwksURL, PublicKey: public}, "PublicKey"},
		{"discovery and a public key", keys.Options{Discovery: true, PublicKey: public}, "PublicKey"},
		{"two ways to sign", keys.Options{Dir: t.TempDir(), BackendKey: private}, "BackendKey"},
		{"algorithm for secrets", keys.Options{Secret: secret, Dir: t.TempDir(), Algorithm: "HS256"}, "Algorithm"},
		{"unknown algorithm", keys.Options{Secret: secret, Dir: t.TempDir(), Algorithm: "RSA"}, "Algorithm"},
		{"negative leeway", keys.Options{Secret: secret, Leeway: -1}, "Leeway"},
		{"negative retirement", keys.Options{Secret: secret, RetireAfter: -1}, "RetireAfter"},
		{"negative rotation", keys.Options{Secret: secret, RotateAfter: -time.Hour}, "RotateAfter"},
		{"directory that is a file", keys.Options{Secret: secret, Dir: private}, "Dir"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := keys.Open(tt.options)
			fault, ok := errors.AsType[*keys.OptionError](err)
			if !ok || fault.Option != tt.want || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Open(%+v) = %v, want an OptionError for %s", tt.options, err, tt.want)
			}
		})
	}
}

// Client and Logger are optional.
func TestOptions_ZeroClientAndLoggerWork(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	backend := httptest.NewServer(issuer)
	defer backend.Close()
	ring, err := keys.Open(keys.Options{JWKS: backend.URL, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Check(t.Context()); err != nil {
		t.Errorf("Check = %v", err)
	}
	if key := signer(t, ring, token(issuer)); key == nil {
		t.Error("Verify returned no signer, want our own key")
	}
	issuer.Down.Store(true)
	expect(t, ring, token(&enrichtest.Issuer{Algorithm: "ES256", KeyID: "other", Private: issuer.Private}), undecided) // this logs a warning
}
