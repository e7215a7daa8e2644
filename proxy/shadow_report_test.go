package proxy_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// A response over limits.body is counted too_large once. If the client is gone before the
// end of the body, canceled is counted.
func TestShadow_CountsResponsesThatCannotBeChecked(t *testing.T) {
	matching := refusing(rule(t, "POST /login", "json:access_token", "json:id_token"))
	small := func(o *proxy.Options) { o.Limits.Body = 1000 }
	sent := answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"access_token":"`+strings.Repeat("x", 5000)+`"}`)
	f, _ := startResponding(t, sent, inShadow(setup{rules: []proxy.Rule{matching}, options: small}))
	res, body := f.ask(t, login)
	sameResponse(t, "POST", sent, res, body)
	waitFor(t, "a response counted too_large", func() bool { return f.reason(t, enrich.TooLarge) == 1 })

	gone := make(chan bool)
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
		<-gone
		r.Send("}")
	})
	f = start(t, backend.URL, inShadow(setup{rules: []proxy.Rule{matching}}))
	w := f.dial(t)
	w.send(login)
	w.receive("POST")
	w.Close()
	waitFor(t, "a response counted canceled", func() bool { return f.reason(t, enrich.Canceled) == 1 })
	close(gone)
}

// E5: the report has no token and no user id.
func TestShadow_ReportsTheOutcomes(t *testing.T) {
	large := sourceFunc(func(_ context.Context, q enrich.Query) (enrich.Document, error) {
		if q.User.ID == "large" {
			return enrich.Document{JSON: []byte(`{"a":"` + strings.Repeat("x", 20_000) + `"}`), ReadAt: time.Now()}, nil
		}
		return english(t.Context(), q)
	})
	var f *fixture
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.ReadBody()
		user := strings.Fields(r.Line)[1][len("/login/"):]
		r.Send(loginResponse(f.issuer.Token(`{"sub":"` + user + `"}`)))
	})
	f = start(t, backend.URL, inShadow(setup{rules: []proxy.Rule{refusing(rule(t, "POST /login/{user}", "json:access_token"))}, source: large}))
	for _, user := range []string{"u1", "u2", "unknown", "large"} {
		f.ask(t, request("POST", "/login/"+user, nil, ""))
	}
	waitFor(t, "4 tokens to be counted", func() bool {
		return f.reason(t, enrich.OK) == 2 && f.reason(t, enrich.NoDocument) == 1 && f.reason(t, enrich.TooLarge) == 1
	})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	f.proxy.Run(ctx)
	log := f.log.String()
	line := between(t, log, `"msg":"shadow report: no response was changed"`, "\n")
	for _, want := range []string{
		`"rule":"POST /login/{user}","tokens":{"no_document":1,"ok":2,"too_large":1},"responses_refused":1,"largest_token":`,
		`20008`, `16384`, `"advice":"Select fewer fields with claim.include, or raise claim.max_size."`,
	} {
		if !strings.Contains(line, want) {
			t.Errorf("report = %s, want it to contain %s", line, want)
		}
	}
	f.proxy.Run(ctx)
	if n := strings.Count(f.log.String(), "shadow report"); n != 1 {
		t.Errorf("log has %d reports, want 1: the second Run had nothing to report", n)
	}
	if n := strings.Count(f.log.String(), "shadow is on"); n != 2 {
		t.Errorf("log says %d times that shadow is on, want 2: once for each Run", n)
	}
	if strings.Contains(log, "eyJ") || strings.Contains(line, "unknown") {
		t.Errorf("log has a token or a user id:\n%s", log)
	}
}
