package live_test

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/cli"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// mistakes are configurations without a fault that enrich no token. Each has a line that
// names the mistake, in the log and from `tokengraft try`.
var mistakes = []struct {
	name     string
	right    string // a part of the configuration that works
	wrong    string // what is there instead
	reason   string
	log      string // of the line with the reason
	advice   string
	notInTry bool // `try` gets the token itself, so it cannot see the mistake
}{
	{"path of the token", "json:token", "json:data.token", "not_found",
		"rule POST /login matched 1 answer, no token at json:data.token; there is a JWT at json:token", "write this in the rule: tokens: [json:token]", true},
	{"claim of the user id", "user_id_claim: sub", "user_id_claim: user_id", "no_document",
		"the token has no claim user_id, which is set as the user's id. It has the claims iss, sub, exp", "Set documents.user_id_claim", false},
	{"field of the user id", "user_id_field: id", "user_id_field: name", "no_document",
		"the claim sub is a string, and no document has it in the field name of the file users.json (user_id_type: auto)", "user_id_field", false},
	{"issuer", "https://legacy.example.com", "https://auth.example.com", "not_ours",
		`its iss is \"https://legacy.example.com\", but verify.issuer has \"https://auth.example.com\"`, `issuer: [\"https://legacy.example.com\"]`, false},
	{"secret", "secret_file: secret", "secret: another-secret-of-32-bytes-or-more", "bad_token",
		"the signature does not match verify.secret", "", false},
}

const mistakeConfig = `backend: BACKEND
rules:
  - {match: POST /login, tokens: ["json:token"]}
verify: {secret_file: secret, issuer: https://legacy.example.com}
documents: {file: users.json, user_id_field: id, user_id_claim: sub}
shadow: false
`

func TestMistakes_AreNotSilent(t *testing.T) {
	t.Parallel()
	for _, mistake := range mistakes {
		for _, shadow := range []string{"false", "true"} {
			t.Run(mistake.name+" shadow "+shadow, func(t *testing.T) {
				t.Parallel()
				configuration := strings.Replace(mistakeConfig, mistake.right, mistake.wrong, 1)
				w := startMistaken(t, strings.Replace(configuration, "shadow: false", "shadow: "+shadow, 1))
				w.Public.Ask(t, http.MethodPost, "/login", "{}")
				e2e.Eventually(t, "the log has the reason", func() bool { return w.Log.Last(`"reason":"`+mistake.reason+`"`) != "" })
				line := w.Log.Last(`"reason":"` + mistake.reason + `"`)
				if !strings.Contains(line, mistake.log) || !strings.Contains(line, mistake.advice) {
					t.Errorf("log has %s\nwant %q and %q", line, mistake.log, mistake.advice)
				}
				if got := w.Metrics(t).Reasons()[mistake.reason]; got != 1 {
					t.Errorf("the metrics count %d tokens as %s, want 1", got, mistake.reason)
				}
				w.Stop(t)
				w.checkReports(t, mistake.reason, shadow == "true")
				if !mistake.notInTry {
					w.checkTry(t, strings.ReplaceAll(mistake.log, `\"`, `"`))
				}
			})
		}
	}
}

// A mistaken is a sidecar whose configuration has a mistake.
type mistaken struct {
	*e2e.Sidecar
	token string

	mu    sync.Mutex
	lines bytes.Buffer // the log with the access log
}

func startMistaken(t *testing.T, configuration string) *mistaken {
	t.Helper()
	issuer := enrichtest.NewIssuer(t, "HS256")
	w := &mistaken{token: issuer.Token(fmt.Sprintf(`{"iss":"https://legacy.example.com","sub":"anna","exp":%d}`, time.Now().Add(time.Hour).Unix()))}
	backend := e2e.StartBackend(t)
	backend.Handle("POST /login", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(rw, `{"token":%q}`, w.token)
	}))
	w.Sidecar = e2e.Start(t, e2e.Options{
		Configuration: strings.ReplaceAll(configuration, "BACKEND", backend.URL),
		Documents:     `[{"id":"anna","city":"Wien"}]`,
		Files:         map[string]string{"secret": enrichtest.Secret},
		Log: func(line []byte) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.lines.Write(line)
		},
	})
	return w
}

// checkReports checks the access log, or in shadow mode the report, and that no line has the
// user id or a token.
func (w *mistaken) checkReports(t *testing.T, reason string, shadow bool) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	log, want := w.lines.String(), `"tokens":"`+reason+`"`
	if shadow {
		want = `"rule":"POST /login","tokens":{"` + reason + `":1}`
	}
	if !strings.Contains(log, want) {
		t.Errorf("log:\n%s\nwant %s", log, want)
	}
	if strings.Contains(log, "eyJ") || strings.Contains(log, "anna") {
		t.Errorf("the log has a token or a user id:\n%s", log)
	}
}

// checkTry checks what `tokengraft try` says about the token.
func (w *mistaken) checkTry(t *testing.T, want string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), []string{"try", "-c", filepath.Join(w.Dir, e2e.File)}, strings.NewReader(w.token), &out, &errs)
	if code != 3 || !strings.Contains(out.String(), want) {
		t.Errorf("try: exit code %d\n%s%s\nwant exit code 3 and %q", code, &out, &errs, want)
	}
}
