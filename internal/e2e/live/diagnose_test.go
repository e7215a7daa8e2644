package live_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

const diagnosed = `backend: BACKEND
rules:
- match: POST /login
  tokens: [json:token]
verify: {secret_file: secret}
documents: {file: users.json, user_id_field: id}
`

// adviceIn returns the lines of YAML in a line of the log.
func adviceIn(t *testing.T, line string) string {
	t.Helper()
	var record struct{ Advice string }
	if err := json.Unmarshal([]byte(line), &record); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	_, yaml, _ := strings.Cut(record.Advice, "\n")
	return yaml + "\n"
}

// token logs in and returns the token.
func (l *live) token(path string) string {
	l.t.Helper()
	response, err := http.Post(l.Public.URL(path), "application/json", strings.NewReader("{}"))
	if err != nil {
		l.t.Fatal(err)
	}
	defer response.Body.Close()
	var body struct{ Token string }
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		l.t.Fatal(err)
	}
	return body.Token
}

// The path of the rule is wrong. The log has the right rule, and with it the token gets
// the claim. So has it for the logout, which gets an enriched token. With diagnose: off it
// has neither.
func TestDiagnose_TheLinesInTheLogMakeItWork(t *testing.T) {
	l := start(t, diagnosed, "")
	line := l.Log.After(t, "a token that no rule covers", func() { l.token("/api/session") })
	t.Log(line)
	if claims := l.logIn("/api/session"); strings.Contains(claims, "custom_data") {
		t.Fatalf("the claims are %s before the rule is there", claims)
	}
	l.Reconfigure(t, "verify:", adviceIn(t, line)+"verify:")
	if claims := l.logIn("/api/session"); !strings.Contains(claims, `"custom_data":{`) {
		t.Errorf("with the advice of %s the claims are %s, want custom_data", line, claims)
	}

	logout := func() *http.Response {
		response, err := http.Post(l.Public.URL("/logout"), "application/json", strings.NewReader(`{"token":"`+l.token("/api/session")+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		io.Copy(io.Discard, response.Body)
		return response
	}
	line = l.Log.After(t, "an enriched token at a place where none is restored", func() { logout() })
	t.Log(line)
	l.Reconfigure(t, "verify:", adviceIn(t, line)+"verify:")
	logout()
	if restored, uncovered := l.Metrics(t)[`tokengraft_restored_total{location="json:token"}`], l.Metrics(t)[`tokengraft_uncovered_tokens_total{where="request"}`]; restored != 1 || uncovered != 1 {
		t.Errorf("with the advice of %s: %v tokens of json:token were restored and %v were not, want 1 and 1", line, restored, uncovered)
	}
}

func TestDiagnose_OffSaysNothing(t *testing.T) {
	l := start(t, "diagnose: off\n"+diagnosed, "")
	for range 3 {
		l.token("/api/session")
	}
	if l.Log.Warned("no rule covers") || l.Metrics(t)[`tokengraft_uncovered_tokens_total{where="response"}`] != 0 {
		t.Errorf("with diagnose: off the log has\n%s", l.Log)
	}
	line := l.Log.After(t, "a token that no rule covers", func() {
		l.Reconfigure(t, "diagnose: off", "diagnose: on")
		l.token("/api/session")
	})
	if !strings.Contains(line, "POST /api/session") {
		t.Errorf("logged %s, want POST /api/session", line)
	}
	e2e.Eventually(t, "the token is counted", func() bool { return l.Metrics(t)[`tokengraft_uncovered_tokens_total{where="response"}`] == 1 })
}
