package appservices_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// An sdk sends the requests of realm-web in the same order, and checks the responses as
// strictly as realm-web and the native SDKs do.
type sdk struct {
	t       *testing.T
	at      e2e.Address // the base URL; after the location request, the address from its response
	access  string
	refresh string
	userID  string
}

const clientAPI = "/api/client/v2.0"

// send sends a request. A body that is not a JSON object fails the test, because an SDK
// would throw.
func (s *sdk) send(method, path, bearer, body string) (status int, members map[string]any) {
	s.t.Helper()
	lines := []string{"Accept: application/json"}
	if body != "" {
		lines = append(lines, "Content-Type: application/json")
	}
	if bearer != "" {
		lines = append(lines, "Authorization: Bearer "+bearer)
	}
	reply := s.at.Ask(s.t, method, clientAPI+path, body, lines...)
	if reply.Status >= 300 || reply.Status == http.StatusNoContent {
		return reply.Status, nil
	}
	if kind := reply.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		s.t.Fatalf("%s %s: got content type %q, want application/json", method, path, kind)
	}
	if err := json.Unmarshal([]byte(reply.Body), &members); err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return reply.Status, members
}

// logIn sends the three requests of a login.
func (s *sdk) logIn(user string) {
	s.t.Helper()
	_, location := s.send(http.MethodGet, "/app/myapp-abcde/location", "", "")
	hostname, _ := location["hostname"].(string)
	s.at = e2e.Address(strings.TrimPrefix(hostname, "http://"))
	status, login := s.send(http.MethodPost, "/app/myapp-abcde/auth/providers/local-userpass/login", "",
		fmt.Sprintf(`{"username":%q,"password":"secret","options":{"device":{"sdkVersion":"2.0.1","platform":"node"}}}`, user))
	if status != http.StatusOK {
		s.t.Fatalf("login: got %d, want 200", status)
	}
	for name, into := range map[string]*string{"access_token": &s.access, "refresh_token": &s.refresh, "user_id": &s.userID} {
		text, ok := login[name].(string)
		if !ok {
			s.t.Fatalf("login: got %v, want %s in it", login, name)
		}
		*into = text
	}
	if _, ok := login["device_id"].(string); !ok {
		s.t.Fatalf("login: got %v, want device_id in it", login)
	}
	if status, profile := s.send(http.MethodGet, "/auth/profile", s.access, ""); status != http.StatusOK || profile["type"] != "normal" || profile["data"] == nil {
		s.t.Fatalf("profile: got %d %v, want 200 with type normal and data", status, profile)
	}
}

// refreshCustomData refreshes the access token, which contains the custom data.
func (s *sdk) refreshCustomData() (status int) {
	s.t.Helper()
	status, session := s.send(http.MethodPost, "/auth/session", s.refresh, "")
	if token, ok := session["access_token"].(string); ok {
		s.access = token
	}
	return status
}

// customData decodes the access token as the strictest SDK does. It returns nil if the
// token does not have the claim.
func (s *sdk) customData() map[string]any {
	s.t.Helper()
	parts := strings.Split(s.access, ".")
	if len(parts) != 3 || parts[2] == "" {
		s.t.Fatalf("the access token has %d parts, want 3 with a signature", len(parts))
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
		s.t.Fatalf("user_data is %s, want an object: %v", claims.Data, err)
	}
	return data
}
