package cli

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/demo"
	"github.com/tokengraft/tokengraft/internal/demo/backend"
	"github.com/tokengraft/tokengraft/internal/telemetry"
)

const (
	fromFile  = `documents: {file: users.json, user_id_field: id}`
	fromMongo = `documents: {mongodb: {uri: "%s", database: app, collection: users, timeout: 5s}, user_id_field: id}`
)

func TestALoginIsExportedAsTheStandardVariablesSay(t *testing.T) {
	for _, test := range []struct {
		name      string
		documents func(*testing.T) string
		trace     []string
	}{
		{"file", func(*testing.T) string { return fromFile }, []string{
			"POST /login", "POST /login > backend", "POST /login > bind", "POST /login > lookup",
			"POST /login > restore", "POST /login > sign", "POST /login > verify",
		}},
		{"mongodb", seededMongo, []string{
			"POST /login", "POST /login > backend", "POST /login > bind", "POST /login > lookup",
			"POST /login > lookup > mongodb find",
			"POST /login > restore", "POST /login > sign", "POST /login > verify",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			documents := test.documents(t)
			c := startCollector(t)
			withoutExports(t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
			secrets := logInOnce(t, documents)
			c.Close()

			if got := c.trace(); !slices.Equal(got, test.trace) {
				t.Errorf("the trace of a login is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.trace, "\n"))
			}
			for _, name := range []string{"tokengraft.tokens", "tokengraft.enrich.duration", "tokengraft.source.duration"} {
				if !slices.Contains(c.metrics, name) {
					t.Errorf("no metric %s among %q", name, c.metrics)
				}
			}
			if want := []string{"tokengraft"}; !slices.Equal(c.services, want) {
				t.Errorf("exported by services %q, want %q", c.services, want)
			}
			for _, secret := range secrets {
				if strings.Contains(c.received.String(), secret) {
					t.Errorf("what was exported tells %q", secret)
				}
			}
		})
	}
}

func TestWithoutVariablesNothingIsExported(t *testing.T) {
	var connections atomic.Int64
	for _, address := range []string{"127.0.0.1:4318", "127.0.0.1:4317"} { // where exporters go unless told otherwise
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Skipf("SKIPPED, NOTHING WAS TESTED: somebody else listens at %s: %v", address, err)
		}
		server := &http.Server{ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				connections.Add(1)
			}
		}}
		go server.Serve(listener)
		t.Cleanup(func() { server.Close() })
	}
	withoutExports(t)
	logInOnce(t, fromFile)
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections to a collector that nobody named", n)
	}
	exports, err := telemetry.Start(t.Context(), slog.New(slog.DiscardHandler), "v1")
	if err != nil {
		t.Fatal(err)
	}
	if exports.Tracer != nil {
		t.Error("there is a tracer, whose spans cost time and go nowhere")
	}
}

// withoutExports takes away the variables of whoever runs the test.
func withoutExports(t *testing.T) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "OTEL_") {
			t.Setenv(name, "")
		}
	}
}

// seededMongo is the configuration of a database with anna's document in it.
func seededMongo(t *testing.T) string {
	t.Helper()
	uri, _ := enrichtest.StartFerretDB(t)
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(t.Context())
	if _, err := client.Database("app").Collection("users").InsertOne(t.Context(), bson.D{{Key: "id", Value: backend.Users["anna"]}, {Key: "city", Value: "Wien"}}); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(fromMongo, uri)
}

// logInOnce runs the sidecar for one login and one request with the enriched
// token, and returns what of them nobody else may learn. When it returns, the
// sidecar has stopped.
func logInOnce(t *testing.T, documents string) (secrets []string) {
	t.Helper()
	legacy, err := backend.New("https://legacy.example.com")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(legacy)
	defer server.Close()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	var enriched string
	t.Run("serve", func(t *testing.T) {
		startSidecar(t, fmt.Sprintf(`listen: %s
backend: %s
admin: off
rules: [{match: POST /login, tokens: ["json:access_token", "json:id_token"]}]
verify: {jwks: %[2]s/jwks.json}
sign: {keys: keys}
%[3]s
`, address, server.URL, documents), `[{"id": "`+backend.Users["anna"]+`", "city": "Wien"}]`)
		waitForAddress(t, address)
		tokens, err := demo.LogIn(t.Context(), "http://"+address)
		if err != nil {
			t.Fatal(err)
		}
		enriched = tokens.Access
		if _, claims := enrichtest.DecodeToken(t, enriched); !strings.Contains(claims, "Wien") {
			t.Fatalf("claims %s, want the document in them", claims)
		}
		for _, path := range []string{"/me?access_token=" + enriched, "/users/" + backend.Users["anna"]} {
			response, err := http.Get("http://" + address + path)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
		}
	})
	return []string{"eyJ", enriched, "access_token=", backend.Users["anna"], "anna", "secret", "Wien"}
}
