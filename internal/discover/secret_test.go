package discover_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/discover"
)

// The configuration gives the bytes with which the secret verified the tokens.
func TestWrite_SecretIsTheOneThatWasTested(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "jwt secret")
	if err := os.WriteFile(file, []byte("c2VjcmV0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		keys discover.Keys
		file string
		want string
	}{
		"text":                   {discover.Keys{SecretEncoding: "text"}, "", "c2VjcmV0"},
		"base64":                 {discover.Keys{SecretEncoding: "base64"}, "", "secret"},
		"a file":                 {discover.Keys{SecretEncoding: "base64"}, file, "secret"},
		"a line end":             {discover.Keys{SecretEncoding: "text", SecretEnd: "\n"}, "", "c2VjcmV0\n"},
		"a line end, and a file": {discover.Keys{SecretEncoding: "text", SecretEnd: "\r\n"}, file, "c2VjcmV0\r\n"},
		"not tested":             {discover.Keys{}, "", "c2VjcmV0"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.keys.NeedsSecret, tt.keys.Algorithms = true, []string{"HS256"}
			r := discover.Report{
				Backend: &url.URL{Scheme: "http", Host: "127.0.0.1:9000"}, Keys: tt.keys, SecretFile: tt.file,
				Analysis: discover.Analysis{Sites: []discover.Site{site("POST /login", "json:jwt")}},
			}
			text := written(t, r)
			path := filepath.Join(dir, "tokengraft.yaml")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := config.Load(path, func(name string) (string, bool) {
				value, ok := map[string]string{"JWT_SECRET": "c2VjcmV0", "MONGODB_URI": "mongodb://127.0.0.1:1"}[name]
				return value, ok
			})
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if key, err := c.Verify.SecretKey(); err != nil || string(key) != tt.want {
				t.Errorf("the secret is %q, %v; want %q:\n%s", key, err, tt.want, text)
			}
		})
	}
}

func TestAnalyze_SaysWhichTokensCannotBeRead(t *testing.T) {
	const encrypted = "eyJhbGciOiJSU0EtT0FFUCJ9.T0tDT0tDT0tD.NDh2NDh2.NWVZNWVZ.WEZPWEZP"
	answer := func(path, body string, header http.Header) discover.Exchange {
		return discover.Exchange{Method: "POST", Path: path, RequestHeader: http.Header{}, RequestBody: []byte("username=anna-lena"), HasRequestBody: true, Status: 200, Header: header, Body: []byte(body)}
	}
	a := discover.Analyze([]discover.Exchange{
		answer("/login", `{"access_token":"`+encrypted+`"}`, http.Header{}),
		answer("/header", ``, http.Header{"X-Token": {encrypted}}),
		answer("/users/anna/session", `{"token":"5f1f216e82df4a7979f9da93ab"}`, http.Header{}),
	})
	want := []string{
		"POST /login answers with an encrypted token (JWE)", "POST /header answers with an encrypted token (JWE) in a header", "POST /users/{id}/session answers with an opaque token",
	}
	got := strings.Join(a.Unreadable, "\n")
	for _, text := range want {
		if !strings.Contains(got, text) {
			t.Errorf("Unreadable: %q, want %q", got, text)
		}
	}
	if strings.Contains(got, "5f1f216e") || strings.Contains(got, "eyJ") || len(a.Unreadable) != len(want) {
		t.Errorf("Unreadable: %q, want %d sentences without a token", got, len(want))
	}
}
