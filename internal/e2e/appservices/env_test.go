package appservices_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/demo/appservices"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

// start starts a substitute for App Services and a sidecar in front of it, and returns an
// SDK that uses the sidecar's address.
func start(t *testing.T, key signing, more string) *sdk {
	t.Helper()
	return &sdk{t: t, at: startSidecar(t, key, "admin: off\n"+more).Public}
}

// startSidecar is start without an SDK, and with an admin listener.
func startSidecar(t *testing.T, key signing, more string) *e2e.Sidecar {
	t.Helper()
	behind := httptest.NewUnstartedServer(nil)
	behind.Config.Handler = appservices.New(behind.Listener.Addr().String(), key.key)
	behind.Start()
	t.Cleanup(behind.Close)
	return e2e.Start(t, e2e.Options{Configuration: fmt.Sprintf("backend: %s\npreset: app-services\n%s%s", behind.URL, key.settings, more)})
}

// newCollection creates an empty collection of custom user data, and returns it with
// the settings for it.
func newCollection(t *testing.T) (users *mongo.Collection, settings string) {
	t.Helper()
	uri, _ := enrichtest.StartFerretDB(t)
	return enrichtest.Connect(t, uri).Database("myapp").Collection("users"),
		fmt.Sprintf("documents: {mongodb: {uri: %q, database: myapp, collection: users, timeout: 5s}, user_id_field: user_account_id}\n", uri)
}

// A signing has the key of the backend, and the sidecar's settings for it.
type signing struct {
	key      any
	settings string
}

// hs256 is how newer apps sign their tokens.
var hs256 = signing{[]byte(enrichtest.Secret), fmt.Sprintf("verify: {secret: %q}\n", enrichtest.Secret)}

// rs256 is how older apps sign their tokens.
func rs256(t *testing.T) signing {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	public := filepath.Join(t.TempDir(), "backend.pem")
	if err := os.WriteFile(public, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return signing{private, fmt.Sprintf("verify: {public_key: %q}\nsign: {keys: %q}\n", public, t.TempDir())}
}
