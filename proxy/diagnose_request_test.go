package proxy_test

import (
	"io"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

const jsonType = "Content-Type: application/json"

// The line of YAML that would restore an enriched token.
func TestDiagnose_NamesThePlaceOfATokenThatIsNotRestored(t *testing.T) {
	logout := proxy.Rule{Pattern: "POST /logout", Restore: locations(t, "json:id")}
	for _, tt := range []struct {
		name, method, target string
		lines                []string
		body                 string
		places, advice       string
	}{
		{"a header", "GET", "/me", []string{"X-Token: TOKEN"}, "", "header:X-Token", "restore: {at: [query:at, header:X-Token]}"},
		{"a query", "GET", "/ws/5f3a9c?jwt=TOKEN", nil, "", "query:jwt", "- match: GET /ws/{id}\n  restore: [query:jwt]"},
		{"a form", "POST", "/out", []string{"Content-Type: application/x-www-form-urlencoded"}, "a=b&jwt=TOKEN", "form:jwt", "- match: POST /out\n  restore: [form:jwt]"},
		{"JSON that is not read", "POST", "/out", []string{jsonType}, `{"token":"TOKEN"}`, "json:token", "- match: POST /out\n  restore: [json:token]"},
		{"JSON of a rule for requests", "POST", "/logout", []string{jsonType}, `{"id":1,"token":"TOKEN"}`, "json:token", "- match: POST /logout\n  restore: [json:id, json:token]"},
		{"JSON of a rule", "POST", "/login", []string{jsonType}, `{"old":{"t":"TOKEN"}}`, "json:old.t", "- match: POST /login\n  tokens: [json:access_token]\n  restore: [json:old.t]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := setup{rules: append(logins(t), logout), snapshot: func(s *proxy.Snapshot) { s.RestoreAt = locations(t, "query:at") }}
			f, backend := startResponding(t, noContent, s)
			enriched := f.enriched(t, f.token(""))
			fill := strings.NewReplacer("TOKEN", enriched).Replace
			for i := range tt.lines {
				tt.lines[i] = fill(tt.lines[i])
			}
			for range 3 {
				f.ask(t, request(tt.method, fill(tt.target), tt.lines, fill(tt.body)))
			}
			line := f.awaitLine(t, notRestored)
			advice, _ := line["advice"].(string)
			if line["level"] != "WARN" || line["places"] != tt.places || !strings.HasSuffix(advice, tt.advice) {
				t.Errorf("logged %v, want a warning about %s that ends with the advice %q", line, tt.places, tt.advice)
			}
			if n := f.uncovered(t, "request"); n == 0 || strings.Contains(f.log.String(), "eyJ") {
				t.Errorf("counted %d, want some, and the log without a token:\n%s", n, f.log)
			}
			if got := backend.Requests()[0]; got.Body != fill(tt.body) {
				t.Errorf("the backend got the body %q, want %q", got.Body, fill(tt.body))
			}
		})
	}
}

func TestDiagnose_SaysNothingAboutRestoredTokens(t *testing.T) {
	s := restoring(t)
	other := s.rules
	s.rules = append(other, rule(t, "POST /s", "json:a"))
	f, _ := startResponding(t, noContent, diagnosing(s, proxy.DiagnoseOn))
	original := f.token("")
	enriched := f.enriched(t, original)
	for _, text := range []string{
		request("GET", "/me", []string{"Authorization: Bearer " + enriched, "Cookie: a=b; other=" + enriched}, ""),
		request("POST", "/login", []string{jsonType}, `{"deep":{"token":"`+enriched+`"}}`),
		request("GET", "/me", []string{"X-Other: " + original, "X-Changed: " + enriched + "x"}, ""),
		request("TRACE", "/me", []string{"X-Other: " + enriched}, ""),
	} {
		f.ask(t, text)
	}
	f.ask(t, request("GET", "/known", []string{"X-Known: " + enriched}, ""))
	if line := f.awaitLine(t, notRestored); line["places"] != "header:X-Known" {
		t.Errorf("logged %v, want only header:X-Known", line)
	}
}

func TestDiagnose_SaysOnceThatRestoreIsOff(t *testing.T) {
	s := setup{rules: logins(t), snapshot: func(s *proxy.Snapshot) { s.Restore = false }}
	f, _ := startResponding(t, noContent, s)
	enriched := f.enriched(t, f.token(""))
	for _, path := range []string{"/a", "/a", "/b"} {
		f.ask(t, request("GET", path, []string{"Authorization: Bearer " + enriched}, ""))
	}
	line := f.awaitLine(t, isOff)
	if line["places"] != "header:Authorization" || f.uncovered(t, "request") == 0 || len(f.lines(notRestored)) > 0 {
		t.Errorf("logged %v and %v, want one line", line, f.lines(notRestored))
	}
}

// A1, A7: the backend gets the body while the client sends it, with its trailers, and the
// client waits for 100 Continue.
func TestDiagnose_NeitherDelaysNorChangesARequest(t *testing.T) {
	arrived, done, length := make(chan string), make(chan string), make(chan int, 1)
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send("HTTP/1.1 100 Continue\r\n\r\n")
		arrived <- r.Receive(1)
		done <- r.Receive(<-length - 1)
		r.Send(noContent)
	})
	f := start(t, backend.URL, diagnosing(setup{rules: logins(t)}, proxy.DiagnoseOn))
	body := `{"token":"` + f.enriched(t, f.token("")) + `"}`
	length <- len(body)
	w := f.dial(t)
	w.send(strings.TrimSuffix(request("POST", "/out", []string{jsonType, "Expect: 100-continue"}, body), body))
	if res := w.receive("POST"); res.StatusCode != 100 {
		t.Fatalf("got %s, want 100 Continue", res.Status)
	}
	w.send(body[:1])
	if got := <-arrived; got != body[:1] {
		t.Fatalf("the backend got %q first, want %q", got, body[:1])
	}
	w.send(body[1:])
	if got := <-done; got != body[1:] {
		t.Errorf("the backend got %q then, want %q", got, body[1:])
	}
	io.Copy(io.Discard, w.receive("POST").Body)
	f.awaitLine(t, notRestored)
}
