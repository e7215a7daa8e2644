package compose_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/demo/backend"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

const (
	documents     = `[{"user_account_id": "62efedca3587e6e83c0fc675", "city": "Wien"}]`
	configuration = `backend: %[1]s
rules:
  - match: POST /login
    tokens: [json:access_token, json:id_token]
  - match: POST /oauth/token
    tokens: [json:access_token, json:id_token]
  - match: POST /login/cookie
    tokens: [json:access_token]
    gate: true
verify: {jwks: %[1]s/jwks.json}
sign: {keys: keys}
documents: {file: users.json, user_id_field: user_account_id}
cache: {stale_for: 1h}
restore: off
`
)

// An observed is a sidecar process in front of the sample backend.
type observed struct {
	*e2e.Sidecar
	unrestored string // an enriched token that was issued while restore was off
}

func startSidecar(t *testing.T) observed {
	t.Helper()
	handler, err := backend.New("https://legacy.example.com")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	s := e2e.Start(t, e2e.Options{
		Program:       e2e.Tokengraft,
		Configuration: fmt.Sprintf(configuration, server.URL),
		Documents:     documents,
	})
	token := loginAs(t, s.Public.URL(""), "anna").AccessToken
	s.Reconfigure(t, "restore: off\n", "")
	return observed{s, token}
}

// makeTraffic makes logins and refreshes of users with and without a document, lets
// the source fail for a while, meets a gate and a limit, sends the backend an enriched
// token, and writes a configuration that is wrong in a new way each time.
func makeTraffic(t *testing.T, s observed) {
	t.Helper()
	public := s.Public.URL("")
	anna, cleo := loginAs(t, public, "anna"), loginAs(t, public, "cleo")
	wantMe(t, public, login(t, public).AccessToken, "anna")
	refused, err := s.Public.Try(http.MethodPost, "/login/cookie", "username=anna&password=secret", "Content-Type: application/x-www-form-urlencoded")
	if err != nil || refused.Status != http.StatusServiceUnavailable {
		t.Errorf("a token in a cookie that its gate does not name: got %d %s, error %v; want 503", refused.Status, refused.Body, err)
	}
	wantStatus(t, s, http.StatusUnauthorized, "Authorization: Bearer "+s.unrestored)
	wantStatus(t, s, http.StatusRequestHeaderFieldsTooLarge, "X-Large: "+strings.Repeat("x", 64<<10))
	wantClaim(t, refresh(t, public, anna.RefreshToken).AccessToken, `"city":"Wien"`)

	s.Write(t, "users.json", "[broken")
	wantClaim(t, refresh(t, public, anna.RefreshToken).AccessToken, `"city":"Wien"`)
	refresh(t, public, cleo.RefreshToken)
	s.Write(t, "users.json", documents)
	s.Log.After(t, "was not reloaded", func() { s.Write(t, e2e.File, fmt.Sprintf("wrong%d: true\n", time.Now().UnixNano())) })
}

func wantStatus(t *testing.T, s observed, status int, header string) {
	t.Helper()
	response, err := s.Public.Try(http.MethodGet, "/me", "", header)
	if err != nil || response.Status != status {
		t.Errorf("GET /me with %.20s…: got %d, error %v; want %d", header, response.Status, err, status)
	}
}

// TestQueries_SelectMetricsOfASidecar checks that each panel of the dashboard and each
// alert uses metrics that a sidecar really has.
func TestQueries_SelectMetricsOfASidecar(t *testing.T) {
	s := startSidecar(t)
	makeTraffic(t, s)
	metrics := s.Admin.Get(t, "/metrics")
	if want := `config_reloads_total{result="failed"} 1`; !strings.Contains(metrics, want) {
		t.Errorf("metrics after a wrong configuration: want %s, got\n%s", want, metrics)
	}
	checkQueries(t, metrics, "panel Requests being served") // none is, at the end
	t.Run("rules", checkRules)
	t.Run("evaluated", func(t *testing.T) { evaluateQueries(t, s) })
}
