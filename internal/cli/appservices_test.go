package cli

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/demo/appservices"
)

// An sdk makes the requests that realm-web makes, in its order, and demands of
// the answers what it and the native SDKs demand.
type sdk struct {
	t        *testing.T
	hostname string // where requests go: first the base URL, then what location says
	access   string
	refresh  string
	userID   string
}

const clientAPI = "/api/client/v2.0"

// send returns the answer to a request; what is no JSON object fails the test,
// as it would throw.
func (s *sdk) send(method, path, bearer, body string) (status int, members map[string]any) {
	s.t.Helper()
	request, err := http.NewRequest(method, s.hostname+clientAPI+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Accept", "application/json")
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if response.StatusCode >= 300 || response.StatusCode == http.StatusNoContent {
		return response.StatusCode, nil
	}
	if kind := response.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		s.t.Fatalf("%s %s: content type %q", method, path, kind)
	}
	if err := json.Unmarshal(text, &members); err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return response.StatusCode, members
}

// logIn is the three requests of a login.
func (s *sdk) logIn(user string) {
	s.t.Helper()
	_, location := s.send(http.MethodGet, "/app/myapp-abcde/location", "", "")
	s.hostname = location["hostname"].(string)
	status, login := s.send(http.MethodPost, "/app/myapp-abcde/auth/providers/local-userpass/login", "",
		fmt.Sprintf(`{"username":%q,"password":"secret","options":{"device":{"sdkVersion":"2.0.1","platform":"node"}}}`, user))
	if status != http.StatusOK {
		s.t.Fatalf("login: %d", status)
	}
	for name, into := range map[string]*string{"access_token": &s.access, "refresh_token": &s.refresh, "user_id": &s.userID} {
		text, ok := login[name].(string)
		if !ok {
			s.t.Fatalf("login: no %s", name)
		}
		*into = text
	}
	if _, ok := login["device_id"].(string); !ok {
		s.t.Fatal("login: no device_id")
	}
	if status, profile := s.send(http.MethodGet, "/auth/profile", s.access, ""); status != http.StatusOK || profile["type"] != "normal" || profile["data"] == nil {
		s.t.Fatalf("profile: %d %v", status, profile)
	}
}

// refreshCustomData is one request, and the new token's claim.
func (s *sdk) refreshCustomData() (status int) {
	s.t.Helper()
	status, session := s.send(http.MethodPost, "/auth/session", s.refresh, "")
	if token, ok := session["access_token"].(string); ok {
		s.access = token
	}
	return status
}

// customData decodes the access token as the strictest of the SDKs does. It is
// nil without the claim.
func (s *sdk) customData() map[string]any {
	s.t.Helper()
	parts := strings.Split(s.access, ".")
	if len(parts) != 3 || parts[2] == "" {
		s.t.Fatalf("an access token of %d parts", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		s.t.Fatal(err)
	}
	var claims struct {
		Exp, Iat json.RawMessage
		Data     json.RawMessage `json:"user_data"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		s.t.Fatal(err)
	}
	for _, instant := range []json.RawMessage{claims.Exp, claims.Iat} {
		if bytes.ContainsAny(instant, `.eE"`) || len(instant) == 0 {
			s.t.Fatalf("exp or iat is %s, want an integer", instant)
		}
	}
	if claims.Data == nil {
		return nil
	}
	var data map[string]any
	if err := json.Unmarshal(claims.Data, &data); err != nil || data == nil {
		s.t.Fatalf("user_data is no object: %v", err)
	}
	return data
}

// startAppServices runs the stand-in and the sidecar with the preset before it,
// and returns an SDK that knows the sidecar only.
func startAppServices(t *testing.T, key any, more string) *sdk {
	t.Helper()
	behind := httptest.NewUnstartedServer(nil)
	behind.Config.Handler = appservices.New(behind.Listener.Addr().String(), key)
	behind.Start()
	t.Cleanup(behind.Close)
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	startSidecar(t, fmt.Sprintf("listen: %s\nbackend: %s\nadmin: off\npreset: app-services\n%s", address, behind.URL, more), `[]`)
	waitForAddress(t, address)
	return &sdk{t: t, hostname: "http://" + address}
}

// A collection of custom user data, empty.
func customUserData(t *testing.T) (users *mongo.Collection, settings string) {
	t.Helper()
	uri, _ := enrichtest.FerretDB(t)
	return enrichtest.Connect(t, uri).Database("myapp").Collection("users"),
		fmt.Sprintf("documents: {mongodb: {uri: %q, database: myapp, collection: users, timeout: 5s}, user_id_field: user_account_id}\n", uri)
}

// keysOfAppServices are the key of the backend and how it is told, as newer and
// older apps had it.
func keysOfAppServices(t *testing.T) map[string]struct {
	key      any
	settings string
} {
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
	return map[string]struct {
		key      any
		settings string
	}{
		"HS256": {[]byte(enrichtest.Secret), fmt.Sprintf("verify: {secret: %q}\n", enrichtest.Secret)},
		"RS256": {private, fmt.Sprintf("verify: {public_key: %q}\nsign: {keys: %q}\n", public, t.TempDir())},
	}
}

// TestAnSDKWorksAsItDid plays a login, a write, refreshCustomData, a link and a
// logout, all through what the location request said.
func TestAnSDKWorksAsItDid(t *testing.T) {
	for algorithm, signing := range keysOfAppServices(t) {
		t.Run(algorithm, func(t *testing.T) {
			users, documents := customUserData(t)
			s := startAppServices(t, signing.key, signing.settings+documents)
			public := s.hostname
			s.logIn("anna@example.com")
			if s.hostname != public {
				t.Fatalf("location sends the client to %s, past the sidecar at %s", s.hostname, public)
			}
			if data := s.customData(); data != nil {
				t.Errorf("without a document user_data is %v, want none", data)
			}

			if _, err := users.InsertOne(t.Context(), bson.D{
				{Key: "_id", Value: bson.NewObjectID()}, {Key: "user_account_id", Value: s.userID},
				{Key: "name", Value: "Zoë"}, {Key: "visits", Value: int32(13)}, {Key: "since", Value: bson.DateTime(1660000000000)},
			}); err != nil {
				t.Fatal(err)
			}
			if status := s.refreshCustomData(); status != http.StatusCreated {
				t.Fatalf("refreshCustomData: %d", status)
			}
			data := s.customData()
			if id, _ := data["_id"].(string); len(id) != 24 {
				t.Errorf("_id is %v, want 24 digits", data["_id"])
			}
			if got := fmt.Sprintf("%v %v %v", data["name"], data["visits"], data["since"]); got != "Zoë map[$numberInt:13] map[$date:map[$numberLong:1660000000000]]" {
				t.Errorf("user_data has %s", got)
			}

			if _, err := users.UpdateOne(t.Context(), bson.D{{Key: "user_account_id", Value: s.userID}}, bson.D{{Key: "$set", Value: bson.D{{Key: "name", Value: "Ann"}}}}); err != nil {
				t.Fatal(err)
			}
			s.refreshCustomData()
			if name := s.customData()["name"]; name != "Ann" {
				t.Errorf("after a write refreshCustomData shows %v", name)
			}

			status, linked := s.send(http.MethodPost, "/app/myapp-abcde/auth/providers/api-key/login?link=true", s.access, `{"key":"k"}`)
			if status != http.StatusOK || linked["user_id"] != s.userID {
				t.Fatalf("link: %d %v", status, linked)
			}
			s.access = linked["access_token"].(string)
			if name := s.customData()["name"]; name != "Ann" {
				t.Errorf("a linked login shows %v", name)
			}
			if status, _ := s.send(http.MethodDelete, "/auth/session", s.refresh, ""); status != http.StatusNoContent {
				t.Errorf("logout: %d", status)
			}
			if status := s.refreshCustomData(); status != http.StatusUnauthorized {
				t.Errorf("after the logout a refresh is %d, want the backend's own 401", status)
			}
		})
	}
}

// A 401 would log the user out, tokens and all.
func TestAnSDKIsNeverLoggedOutByAFailure(t *testing.T) {
	signing := keysOfAppServices(t)["HS256"]
	const away = "documents: {mongodb: {uri: 'mongodb://127.0.0.1:1', database: myapp, collection: users}, user_id_field: user_account_id}\n"
	for policy, want := range map[string]int{"refuse": http.StatusServiceUnavailable, "pass": http.StatusCreated} {
		t.Run(policy, func(t *testing.T) {
			s := startAppServices(t, signing.key, signing.settings+away+"on_failure: "+policy+"\nrules: [{match: 'POST /api/client/v2.0/app/{app}/auth/providers/local-userpass/login', tokens: ['json:access_token'], on_failure: pass}]\n")
			s.logIn("anna@example.com")
			for range 5 { // the breaker opens on the way
				if status := s.refreshCustomData(); status != want {
					t.Errorf("a refresh while MongoDB is away is %d, want %d", status, want)
				}
			}
			if s.customData() != nil {
				t.Error("user_data without a document")
			}
		})
	}
}

// The redirect of an OAuth login has four values in one parameter.
func TestAnSDKTakesTheRedirectOfAnOAuthLogin(t *testing.T) {
	signing := keysOfAppServices(t)["HS256"]
	users, documents := customUserData(t)
	anna := appservices.Users["anna@example.com"]
	if _, err := users.InsertOne(t.Context(), bson.D{{Key: "user_account_id", Value: anna}}); err != nil {
		t.Fatal(err)
	}
	s := startAppServices(t, signing.key, signing.settings+documents)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get(s.hostname + clientAPI + "/auth/callback?code=c&state=a")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	_, packed, _ := strings.Cut(response.Header.Get("Location"), "&_baas_ua=")
	parts := strings.Split(packed, "$")
	if len(parts) != 4 {
		t.Fatalf("the redirect has %d values, want 4", len(parts))
	}
	s.access, s.refresh = parts[0], parts[1]
	if s.customData()["user_account_id"] != anna || parts[2] != anna {
		t.Errorf("the redirect's token has %v, its user is %s", s.customData(), parts[2])
	}
	if status := s.refreshCustomData(); status != http.StatusCreated {
		t.Errorf("the refresh token of the redirect: %d", status)
	}
}
