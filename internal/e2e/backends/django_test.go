package backends_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A site is a Django site behind a sidecar with the preset.
type site struct {
	*front
	verifier map[string]any // options of pyjwt_verify.py
}

const (
	anna     = `{"username":"anna","password":"secret"}`
	document = `{"id":1,"plan":"pro"}`
)

// secret and ownKeys are what a configuration says of the backend's keys.
const (
	secret  = "verify: {secret: \"" + enrichtest.Secret + "\"}\n"
	ownKeys = "verify: {jwks: BACKEND/jwks.json}\nsign: {keys: ./keys}\n"
)

// startSite starts a site with more options of django_site.py, and a sidecar with more
// configuration.
func startSite(t *testing.T, configuration string, options map[string]any) site {
	t.Helper()
	at, dir := e2e.FreeAddress(t), t.TempDir()
	all := map[string]any{"address": at, "directory": dir, "secret": enrichtest.Secret}
	if !strings.HasPrefix(configuration, secret) {
		issuer := enrichtest.NewIssuer(t, "RS256")
		set := strings.Replace(string(issuer.JWKS()), `"kid":"key-RS256",`, "", 1) // simplejwt writes no kid
		if err := os.WriteFile(filepath.Join(dir, "jwks.json"), []byte(set), 0o600); err != nil {
			t.Fatal(err)
		}
		all["tokens"] = map[string]any{"ALGORITHM": "RS256", "SIGNING_KEY": string(issuer.PrivatePEM()), "VERIFYING_KEY": string(issuer.PublicPEM())}
	}
	for name, value := range options {
		if more, ok := value.(map[string]any); ok && all[name] != nil {
			maps.Copy(all[name].(map[string]any), more)
			continue
		}
		all[name] = value
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	startProgram(t, at, debianPython, filepath.Join("testdata", "django_site.py"), string(text))
	s := site{front: startFront(t, at, e2e.Options{
		Configuration: "backend: BACKEND\npreset: django-simplejwt\ndocuments: {file: users.json, user_id_field: id}\n" + configuration,
		Documents:     "[" + document + "]",
	})}
	s.verifier = map[string]any{"secret": enrichtest.Secret, "algorithms": []string{"HS256"}}
	if all["tokens"] != nil && strings.HasPrefix(configuration, "verify: {jwks") {
		s.verifier = map[string]any{"jwks": s.Public.URL("/.well-known/jwks.json"), "algorithms": []string{"RS256"}}
		s.WaitReady(t, "jwks")
	}
	return s
}

// post posts JSON through the sidecar, and wants the status.
func (s site) post(t *testing.T, status int, path, body string) (got, original e2e.Reply) {
	t.Helper()
	got, original = s.ask(t, http.MethodPost, path, body, asJSON)
	wantStatus(t, "POST "+path, got, status)
	return got, original
}

// accepts wants Django and PyJWT to accept a token, and PyJWT to see the document.
func (s site) accepts(t *testing.T, token, document string) {
	t.Helper()
	got, _ := s.ask(t, http.MethodGet, "/me/", "", "Authorization: Bearer "+token)
	wantStatus(t, "GET /me/", got, http.StatusOK)
	s.post(t, http.StatusOK, "/api/token/verify/", fmt.Sprintf(`{"token":%q}`, token))
	s.verifier["tokens"] = []string{token}
	claims := runPython(t, "pyjwt_verify.py", s.verifier)
	if has := strings.Contains(claims, `"custom_data":`+document); has != (document != "") {
		t.Errorf("PyJWT read the claims %s, want the document %s in them", claims, document)
	}
}

// refused wants Django to refuse a token that is not its own.
func (s site) refused(t *testing.T, token string) {
	t.Helper()
	got := s.tap.backend.Ask(t, http.MethodGet, "/me/", "", "Authorization: Bearer "+token, "X-Forwarded-Proto: https")
	wantStatus(t, "GET /me/ with the enriched token, without the sidecar", got, http.StatusUnauthorized)
}

// checkLife logs in, and refreshes before and after the document changes and is deleted.
func (s site) checkLife(t *testing.T) {
	t.Helper()
	got, original := s.post(t, http.StatusOK, "/api/token/", anna)
	tokens := wantTokens(t, "login", got, original, document, "access")
	s.accepts(t, tokens["access"], document)
	if s.verifier["jwks"] != nil {
		s.refused(t, tokens["access"])
	}
	for _, next := range []string{document, `{"id":1,"plan":"free"}`, ""} {
		s.Write(t, "users.json", "["+next+"]")
		got, original = s.post(t, http.StatusOK, "/api/token/refresh/", fmt.Sprintf(`{"refresh":%q}`, tokens["refresh"]))
		refreshed := wantTokens(t, "refresh", got, original, next, "access")
		s.accepts(t, refreshed["access"], next)
		if refreshed["refresh"] != "" {
			tokens["refresh"] = refreshed["refresh"]
		}
	}
}

func djangoLife(configuration string) func(*testing.T) {
	return func(t *testing.T) { startSite(t, configuration, nil).checkLife(t) }
}

// Each refresh gives a new refresh token, and the old one is dead.
func djangoRotation(configuration string) func(*testing.T) {
	return func(t *testing.T) {
		s := startSite(t, configuration, map[string]any{"tokens": map[string]any{"ROTATE_REFRESH_TOKENS": true, "BLACKLIST_AFTER_ROTATION": true}})
		s.checkLife(t)
		got, _ := s.post(t, http.StatusOK, "/api/token/", anna)
		old := fmt.Sprintf(`{"refresh":%q}`, tokensIn(got)["refresh"])
		s.post(t, http.StatusOK, "/api/token/refresh/", old)
		s.post(t, http.StatusUnauthorized, "/api/token/refresh/", old)
	}
}

func djangoLogout(configuration string) func(*testing.T) {
	return func(t *testing.T) {
		s := startSite(t, configuration, map[string]any{"tokens": map[string]any{"BLACKLIST_AFTER_ROTATION": true}})
		got, _ := s.post(t, http.StatusOK, "/api/token/", anna)
		refresh := tokensIn(got)["refresh"]
		s.post(t, http.StatusOK, "/api/token/blacklist/", fmt.Sprintf(`{"refresh":%q}`, refresh))
		s.post(t, http.StatusUnauthorized, "/api/token/refresh/", fmt.Sprintf(`{"refresh":%q}`, refresh))
		s.post(t, http.StatusBadRequest, "/api/token/verify/", fmt.Sprintf(`{"token":%q}`, refresh))
		s.post(t, http.StatusUnauthorized, "/api/token/", `{"username":"anna","password":"wrong"}`)
		s.post(t, http.StatusUnauthorized, "/api/token/verify/", `{"token":"eyJhbGciOiJub25lIn0.e30."}`)
	}
}

// The refresh of a sliding token copies its claims, also those that it does not know.
func djangoSliding(configuration string) func(*testing.T) {
	return func(t *testing.T) {
		s := startSite(t, configuration, map[string]any{"sliding": true, "tokens": map[string]any{
			"AUTH_TOKEN_CLASSES": []string{"rest_framework_simplejwt.tokens.SlidingToken"},
		}})
		got, original := s.post(t, http.StatusOK, "/api/token/", anna)
		token := wantTokens(t, "login", got, original, document, "token")["token"]
		s.accepts(t, token, document)
		for _, next := range []string{document, `{"id":1,"plan":"free"}`, ""} {
			s.Write(t, "users.json", "["+next+"]")
			got, original = s.post(t, http.StatusOK, "/api/token/refresh/", fmt.Sprintf(`{"token":%q}`, token))
			token = wantTokens(t, "refresh", got, original, next, "token")["token"]
			s.accepts(t, token, next)
		}
	}
}

// The site redirects requests without https, the sidecar's own ones too.
func djangoRedirectsHTTP(t *testing.T) {
	s := startSite(t, ownKeys+"public_url: https://login.example.com\n", map[string]any{"settings": map[string]any{
		"SECURE_SSL_REDIRECT": true, "SECURE_PROXY_SSL_HEADER": []string{"HTTP_X_FORWARDED_PROTO", "https"},
	}})
	wantStatus(t, "a login without the sidecar", s.tap.backend.Ask(t, http.MethodPost, "/api/token/", anna, asJSON), http.StatusMovedPermanently)
	s.checkLife(t)
}
