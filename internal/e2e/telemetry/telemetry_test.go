package telemetry_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
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
	"github.com/tokengraft/tokengraft/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

const (
	fromFile  = `documents: {file: users.json, user_id_field: id}`
	fromMongo = `documents: {mongodb: {uri: "%s", database: app, collection: users, timeout: 5s}, user_id_field: id}`
)

func TestExports_FollowTheStandardVariables(t *testing.T) {
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
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
			secrets := logInOnce(t, documents)
			c.Close()

			if got := c.trace(); !slices.Equal(got, test.trace) {
				t.Errorf("the trace of a login: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.trace, "\n"))
			}
			for _, name := range []string{"tokengraft.tokens", "tokengraft.enrich.duration", "tokengraft.source.duration"} {
				if !slices.Contains(c.metrics, name) {
					t.Errorf("exported metrics: got %q, want %s among them", c.metrics, name)
				}
			}
			if want := []string{"tokengraft"}; !slices.Equal(c.services, want) {
				t.Errorf("exporting services: got %q, want %q", c.services, want)
			}
			for _, secret := range secrets {
				if strings.Contains(c.received.String(), secret) {
					t.Errorf("the exports contain the secret %q, want them without it", secret)
				}
			}
		})
	}
}

func TestExports_AreOffWithoutVariables(t *testing.T) {
	var connections atomic.Int64
	for _, address := range []string{"127.0.0.1:4318", "127.0.0.1:4317"} { // the default addresses of exporters
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Skipf("SKIPPED, THE DEFAULT EXPORTS WERE NOT TESTED: another program listens on %s: %v", address, err)
		}
		server := &http.Server{ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				connections.Add(1)
			}
		}}
		go server.Serve(listener)
		t.Cleanup(func() { server.Close() })
	}
	logInOnce(t, fromFile)
	if n := connections.Load(); n != 0 {
		t.Errorf("connections to collectors at the default addresses: got %d, want none", n)
	}
}

// seededMongo starts a database with anna's document, and returns the settings for it.
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

// logInOnce runs a sidecar for a login and two more requests, one of them with the
// enriched token. It returns the texts that must not be exported.
func logInOnce(t *testing.T, documents string) (secrets []string) {
	t.Helper()
	handler, err := backend.New("https://legacy.example.com")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	s := e2e.Start(t, e2e.Options{
		Configuration: fmt.Sprintf(`backend: %s
admin: off
rules: [{match: POST /login, tokens: ["json:access_token", "json:id_token"]}]
verify: {jwks: %[1]s/jwks.json}
sign: {keys: keys}
%[2]s
`, server.URL, documents),
		Documents: `[{"id": "` + backend.Users["anna"] + `", "city": "Wien"}]`,
	})
	tokens, err := demo.LogIn(t.Context(), s.Public.URL(""))
	if err != nil {
		t.Fatal(err)
	}
	if _, claims := enrichtest.DecodeToken(t, tokens.Access); !strings.Contains(claims, "Wien") {
		t.Fatalf("a login: got claims %s, want the document in them", claims)
	}
	s.Public.Get(t, "/me?access_token="+tokens.Access)
	s.Public.Get(t, "/users/"+backend.Users["anna"])
	s.Stop(t)
	return []string{"eyJ", tokens.Access, "access_token=", backend.Users["anna"], "anna", "secret", "Wien"}
}
