package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
)

// A repeatable enricher makes the same enriched token of a token each time.
type repeatable struct{ *fakeEnricher }

func (s repeatable) Enrich(ctx context.Context, g enrich.Grant) []enrich.Outcome {
	outcomes := s.fakeEnricher.Enrich(ctx, g)
	for i := range outcomes {
		if outcomes[i].Reason == enrich.OK && len(outcomes[i].Raw)+1 <= g.Tokens[i].Budget {
			outcomes[i].Raw += "x"
		}
	}
	return outcomes
}

// Try says what a client gets from ServeHTTP.
func TestTry_DoesWhatServeDoes(t *testing.T) {
	a, b := issued, issued+"b"
	refuse := func(r proxy.Rule) proxy.Rule { r.OnFailure = enrich.Refuse; return r }
	pass := func(r proxy.Rule) proxy.Rule { return r }
	for _, tt := range []struct {
		name, answer string
		reason       enrich.Reason
		policy       func(proxy.Rule) proxy.Rule
		want         string
	}{
		{"JSON", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"access_token":"`+a+`","id_token":"`+b+`"}`), enrich.OK, pass, "2 found, 2 tokens"},
		{"JSON as a page", answer("HTTP/1.1 200 OK\nContent-Type: text/html", `)]}'{"access_token":"`+a+`"}`), enrich.OK, pass, "1 found, 1 tokens"},
		{"a compressed body", answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: gzip", gzipped(`{"access_token":"`+a+`"}`)), enrich.OK, pass, "1 found, 1 tokens"},
		{"a redirect and a cookie", answer("HTTP/1.1 302 Found\nLocation: https://app/cb#access_token="+a+"\nSet-Cookie: session="+a+"; Path=/", ""), enrich.OK, pass, "2 found, 1 tokens"},
		{"nothing", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"a":1}`), enrich.OK, pass, "0 found, 0 tokens"},
		{"no document", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"access_token":"`+a+`"}`), enrich.NoDocument, pass, "1 found, 1 tokens"},
		{"a policy", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"access_token":"`+a+`"}`), enrich.Unavailable, refuse, "refused: on_failure: refuse"},
		{"a gate", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"access_token":"`+a+`"}`), enrich.BadToken, gated, "refused: a token was not accepted"},
		{"a gate and another place", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"jwt":"`+issued+`"}`), enrich.OK, gated, "refused: it has a token at a place that the rule does not name"},
		{"a part at a gate", answer("HTTP/1.1 206 Partial Content\nContent-Type: application/json\nContent-Range: bytes 0-1/3", `{}`), enrich.OK, gated, "refused: it is a part of a response"},
		{"an accepted token at a gate", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"access_token":"`+a+`"}`), enrich.OK, gated, "1 found, 1 tokens"},
		{"401", answer("HTTP/1.1 401 Unauthorized\nContent-Type: application/json", `{"access_token":"`+a+`"}`), enrich.OK, pass, "unread: its status is 401"},
		{"401 at a gate", answer("HTTP/1.1 401 Unauthorized\nContent-Type: application/json", `{"access_token":"`+a+`"}`), enrich.OK, gated, "unread: its status is 401"},
		{"a large body", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"access_token":"`+a+`"}`+strings.Repeat(" ", 2<<20)), enrich.OK, pass, "unread: its body is larger than limits.body"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			enricher := repeatable{newFakeEnricher(tt.reason)}
			s := enricher.use(tt.policy(rule(t, "POST /login", "json:access_token", "json:id_token", "fragment:access_token", "cookie:session")))
			s.snapshot = func(snapshot *proxy.Snapshot) { snapshot.Enricher = enricher }
			f, _ := startResponding(t, tt.answer, s)
			served, servedBody := f.ask(t, login)
			res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(tt.answer)), nil)
			if err != nil {
				t.Fatal(err)
			}
			trial, err := f.proxy.Try(t.Context(), "POST /login", res)
			if got := trialText(trial); err != nil || !strings.HasPrefix(got, tt.want) {
				t.Errorf("Try = %s, %v; want %s", got, err, tt.want)
			}
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if trial.Refused != "" {
				if served.StatusCode != 503 {
					t.Errorf("Try says that the response is refused, but the client got %d", served.StatusCode)
				}
				return
			}
			got := fmt.Sprint(res.StatusCode, res.Header["Location"], res.Header["Set-Cookie"], string(body))
			if want := fmt.Sprint(served.StatusCode, served.Header["Location"], served.Header["Set-Cookie"], servedBody); got != want {
				t.Errorf("Try makes the response %.300s\nbut the client got %.300s", got, want)
			}
		})
	}
}

func trialText(t proxy.Trial) string {
	switch {
	case t.Refused != "":
		return "refused: " + t.Refused
	case t.Unread != "":
		return "unread: " + t.Unread
	}
	return fmt.Sprintf("%d found, %d tokens", len(t.Found), len(t.Tokens))
}

func TestTry_NamesTheRuleThatIsMissing(t *testing.T) {
	f, _ := startResponding(t, twoTokens, setup{rules: []proxy.Rule{rule(t, "POST /login", "json:access_token"), {Pattern: "POST /logout", Restore: locations(t, "json:token")}}})
	for pattern, want := range map[string]string{"POST /nosuch": "there is no rule", "POST /logout": "has no tokens"} {
		if _, err := f.proxy.Try(t.Context(), pattern, &http.Response{StatusCode: 200}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Try(%q): error %v, want %q", pattern, err, want)
		}
	}
}
