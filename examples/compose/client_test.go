package compose_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

type tokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

func login(t *testing.T, base string) tokens {
	t.Helper()
	return loginAs(t, base, "anna")
}

func loginAs(t *testing.T, base, user string) tokens {
	t.Helper()
	return issued(t, base+"/login", "username="+user+"&password=secret")
}

func refresh(t *testing.T, base, token string) tokens {
	t.Helper()
	return issued(t, base+"/oauth/token", "grant_type=refresh_token&refresh_token="+token)
}

func issued(t *testing.T, url, form string) (answer tokens) {
	t.Helper()
	response, err := http.Post(url, "application/x-www-form-urlencoded", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: got %s %s, error %v; want 200", url, response.Status, body, err)
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%s: %s: %v", url, body, err)
	}
	return answer
}

// loginAtBackend returns a token of the backend, which only containers reach.
func loginAtBackend(t *testing.T, c *compose) string {
	t.Helper()
	body := c.inNetwork("wget", "-q", "-O", "-", "--post-data", "username=anna&password=secret", "http://backend:9000/login")
	var answer tokens
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("login at the backend: %s: %v", body, err)
	}
	return answer.AccessToken
}

func wantClaim(t *testing.T, token string, parts ...string) {
	t.Helper()
	_, claims := enrichtest.DecodeToken(t, token)
	for _, part := range parts {
		if !strings.Contains(claims, part) {
			t.Errorf("got claims %s, want %s in them", claims, part)
		}
	}
}

// wantMe checks that the backend accepts the token. The backend accepts only the
// exact bytes of tokens that it issued.
func wantMe(t *testing.T, base, token, user string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, base+"/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); !strings.Contains(string(body), `"name":"`+user+`"`) {
		t.Errorf("%s/me: got %s %s, want the name %s", base, response.Status, body, user)
	}
}

func waitFor(t *testing.T, url string) {
	t.Helper()
	var last string
	for range 240 {
		response, err := http.Get(url)
		last = fmt.Sprint(err)
		if err == nil {
			response.Body.Close()
			if last = response.Status; response.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(500 * time.Millisecond)
	}
	t.Fatalf("GET %s: after 2 minutes got %s, want 200", url, last)
}
