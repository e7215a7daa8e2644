package sidecar

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// openToExplain opens a sidecar with a user 7 and a user anna@example.com.
func openToExplain(t *testing.T, log *bytes.Buffer) *Sidecar {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"users.ndjson": `{"_id":1,"id":"anna@example.com","plan":"pr0"}` + "\n" + `{"_id":2,"id":7,"plan":"pr0"}` + "\n",
		"tokengraft.yaml": `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
admin_token: t0ken
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {secret: "` + enrichtest.Secret + `"}
claim: {include: [plan]}
cache: {missing_for: 1m}
documents: {file: users.ndjson, user_id_field: id}
`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(filepath.Join(dir, "tokengraft.yaml"), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(cfg, Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(t.Context()) })
	return s
}

// askExplain asks the admin listener about a user.
func askExplain(t *testing.T, s *Sidecar, user, authorization string) (UserExplanation, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/explain/"+user, nil)
	r.RemoteAddr, r.Host = "127.0.0.1:5000", "127.0.0.1"
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	adminHandler(s, ServeOptions{Metrics: http.NotFoundHandler()}).ServeHTTP(w, r)
	var e UserExplanation
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != http.StatusOK {
		t.Fatalf("GET /explain/%s: %d %s, want an explanation", user, w.Code, w.Body)
	}
	return e, w.Body.String()
}

func logInAs(s *Sidecar, sub string) enrich.Outcome {
	token := (&enrichtest.Issuer{Algorithm: "HS256", Private: []byte(enrichtest.Secret)}).Token(fmt.Sprintf(`{"sub":%s,"iat":%d,"exp":%d}`, sub, time.Now().Unix(), time.Now().Add(time.Hour).Unix()))
	return s.current().enricher.Enrich(context.Background(), enrich.Grant{Answered: time.Now(), Tokens: []enrich.Issued{{Raw: token, Kind: enrich.Access, Budget: 6 << 10}}})[0]
}

func TestExplain_ShowsWhatTheCacheHas(t *testing.T) {
	var log bytes.Buffer
	s := openToExplain(t, &log)
	states := func(user string) string {
		e, _ := askExplain(t, s, user, "")
		var states []string
		for _, one := range e.As {
			states = append(states, one.ClaimType+" "+one.Cache.State)
		}
		return strings.Join(states, ", ")
	}
	want := func(user, want string) {
		t.Helper()
		if got := states(user); got != want {
			t.Errorf("the cache of user %s: %s, want %s", user, got, want)
		}
	}
	want("anna@example.com", "string none")
	want("007", "string none") // a token cannot have the number 007
	want("7", "string none, number none")
	for _, sub := range []string{`"anna@example.com"`, "7", `"nobody"`} {
		logInAs(s, sub)
	}
	want("anna%40example.com", "string fresh")
	want("7", "string none, number fresh")
	want("nobody", "string no_document")
	e, _ := askExplain(t, s, "anna@example.com", "")
	if c := e.As[0].Cache; c.ReadAt == nil || c.DocumentBytes != len(`{"plan":"pr0"}`) || time.Until(*c.KeepUntil) < 59*time.Minute {
		t.Errorf("the cache of anna = %+v, want a document of 14 bytes, kept for an hour", c)
	}
	s.cache.Invalidate("anna@example.com")
	want("anna@example.com", "string invalidated")
}

func TestExplain_LogsWhoAskedWithoutTheUser(t *testing.T) {
	var log bytes.Buffer
	s := openToExplain(t, &log)
	_, body := askExplain(t, s, "anna@example.com", "")
	if strings.Contains(body, "anna") || strings.Contains(body, "pr0") {
		t.Errorf("the explanation has an id or a value, want neither: %s", body)
	}
	if _, body = askExplain(t, s, "anna@example.com?values=true", "Bearer t0ken"); !strings.Contains(body, `"value":"pr0"`) || strings.Contains(body, "anna") {
		t.Errorf("the explanation with values: %s, want the value of plan, and not the id that is left out", body)
	}
	text := log.String()
	hash := enrich.User{ID: "anna@example.com"}.LogValue().String()
	for _, want := range []string{"user=" + hash, "values=false", "values=true", "peer=127.0.0.1:5000", "found=true"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log is\n%s\nwant %s in it", text, want)
		}
	}
	if strings.Contains(text, "anna") || strings.Contains(text, "pr0") {
		t.Errorf("the log has an id or a value, want neither:\n%s", text)
	}
}
