package presets_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// debianPython has the packages of Debian: python3-djangorestframework-simplejwt.
const debianPython = "/usr/bin/python3"

const credentials = `{"username":"anna","password":"secret"}`

// The preset and the advice of docs/backends.md, with a real Django.
func TestDjango_SecretAndSlidingTokens(t *testing.T) {
	t.Parallel()
	site := startDjango(t, nil)
	page := documented{section: "Django REST framework (simplejwt)", blocks: []int{0},
		more: "rules:\n  - {match: 'POST /api/sliding/{$}', tokens: [json:token]}\n" +
			"  - {match: 'POST /api/sliding/refresh/{$}', tokens: [json:token], refresh: always, restore: [json:token]}\n"}
	s := e2e.Start(t, e2e.Options{Configuration: page.configuration(t, backendsPage(t), site.URL("")), Documents: `[{"id":1,"plan":"pro"}]`})

	login := ask(t, s.Public, "/api/token/", credentials)
	access := member(t, login, "access")
	wantClaim(t, "login", access)
	wantMe(t, s.Public, access)
	wantClaim(t, "refresh", member(t, ask(t, s.Public, "/api/token/refresh/", `{"refresh":"`+member(t, login, "refresh")+`"}`), "access"))
	ask(t, s.Public, "/api/token/verify/", `{"token":"`+access+`"}`)

	sliding := member(t, ask(t, s.Public, "/api/sliding/", credentials), "token")
	wantClaim(t, "sliding login", sliding)
	wantMe(t, s.Public, sliding)
	// This refresh copies the claims of the token that it gets.
	wantClaim(t, "sliding refresh", member(t, ask(t, s.Public, "/api/sliding/refresh/", `{"token":"`+sliding+`"}`), "token"))
	s.Write(t, "users.json", `[]`)
	e2e.Eventually(t, "the deleted document is no longer in refreshed tokens", func() bool {
		token := member(t, ask(t, s.Public, "/api/sliding/refresh/", `{"token":"`+sliding+`"}`), "token")
		return !strings.Contains(claimsOf(t, token), "custom_data")
	})
}

func TestDjango_OwnKeysAndVerify(t *testing.T) {
	t.Parallel()
	issuer := enrichtest.NewIssuer(t, "RS256")
	site := startDjango(t, issuer)
	page := documented{section: "Django REST framework (simplejwt)", blocks: []int{0}, change: `secret: SECRET→public_key: public.pem}` + "\nsign: {keys: ./keys"}
	s := e2e.Start(t, e2e.Options{Configuration: page.configuration(t, backendsPage(t), site.URL("")), Documents: `[{"id":1,"plan":"pro"}]`, Files: pemFiles(issuer)})

	access := member(t, ask(t, s.Public, "/api/token/", credentials), "access")
	wantClaim(t, "login", access)
	wantMe(t, s.Public, access)
	ask(t, s.Public, "/api/token/verify/", `{"token":"`+access+`"}`)
	if got := site.Ask(t, http.MethodPost, "/api/token/verify/", `{"token":"`+access+`"}`, "Content-Type: application/json"); got.Status != http.StatusUnauthorized {
		t.Errorf("Django itself answers %d to the enriched token, want 401: otherwise nothing is tested", got.Status)
	}
}

// startDjango starts a Django site, and returns its address. Without an issuer it
// signs with the secret of enrichtest.
func startDjango(t *testing.T, issuer *enrichtest.Issuer) (site e2e.Address) {
	t.Helper()
	if out, err := exec.Command(debianPython, "-c", "import rest_framework_simplejwt, cryptography").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED, DJANGO WAS NOT TESTED: %v; install Debian's python3-djangorestframework-simplejwt and python3-cryptography\n%s", err, out)
	}
	dir, site := t.TempDir(), e2e.FreeAddress(t)
	args := []string{filepath.Join("testdata", "simplejwt_site.py"), string(site), dir}
	if issuer != nil {
		for name, text := range pemFiles(issuer) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		args = append(args, issuer.Algorithm, filepath.Join(dir, "private.pem"), filepath.Join(dir, "public.pem"))
	}
	command := exec.Command(debianPython, args...)
	command.Env = append(os.Environ(), "SECRET_KEY="+enrichtest.Secret)
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
	})
	e2e.Eventually(t, "Django answers", func() bool {
		_, err := site.Try(http.MethodGet, "/me/", "")
		return err == nil
	})
	return site
}

// ask posts JSON, and returns the body of the answer, which must be 200.
func ask(t *testing.T, at e2e.Address, path, body string) string {
	t.Helper()
	got := at.Ask(t, http.MethodPost, path, body, "Content-Type: application/json")
	if got.Status != http.StatusOK {
		t.Fatalf("POST %s: %d %s", path, got.Status, got.Body)
	}
	return got.Body
}

// member returns a string of a JSON object.
func member(t *testing.T, object, name string) string {
	t.Helper()
	var members map[string]string
	if err := json.Unmarshal([]byte(object), &members); err != nil || members[name] == "" {
		t.Fatalf("no %s in %s, %v", name, object, err)
	}
	return members[name]
}

func wantClaim(t *testing.T, what, token string) {
	t.Helper()
	if claims := claimsOf(t, token); strings.Count(claims, `"custom_data":{"id":1,"plan":"pro"}`) != 1 {
		t.Errorf("%s: the claims are %s, want the document once", what, claims)
	}
}

// wantMe wants Django to accept a token in a request.
func wantMe(t *testing.T, at e2e.Address, token string) {
	t.Helper()
	if got := at.Ask(t, http.MethodGet, "/me/", "", "Authorization: Bearer "+token); got.Body != `{"name":"anna"}` {
		t.Errorf("GET /me/: %d %s", got.Status, got.Body)
	}
}
