package proxy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// reasonLine returns the line of a log with a reason, or nil.
func reasonLine(log, reason string) map[string]any {
	for line := range strings.Lines(log) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err == nil && entry["reason"] == reason {
			return entry
		}
	}
	return nil
}

// A reason that affects one token only is information: many users have no document.
func TestLog_SaysWhyATokenWasNotEnriched(t *testing.T) {
	for _, tt := range []struct {
		reason  enrich.Reason
		token   func(f *fixture) string
		level   string
		error   string
		shadow  bool
		message string
	}{
		{enrich.NoDocument, func(f *fixture) string { return f.issuer.Token(`{"sub":"unknown"}`) }, "INFO", "the claim sub is a string, and no document has it", false, "token not enriched"},
		{enrich.NoDocument, func(f *fixture) string { return f.issuer.Token(`{"user_id":"unknown"}`) }, "INFO", "the token has no claim sub, which is set as the user's id. It has the claims user_id", true, "shadow: token would not be enriched"},
		{enrich.Opaque, func(*fixture) string { return "opaque" }, "INFO", "not a JWS: it has 0 dots", false, "token not enriched"},
		{enrich.BadToken, func(f *fixture) string { return f.issuer.Token(`{"sub":"unknown","exp":1}`) }, "WARN", "expired", false, "token not enriched"},
	} {
		var f *fixture
		s := setup{rules: logins(t)}
		if tt.shadow {
			s = inShadow(s)
		}
		backend := proxytest.Start(t, func(r *proxytest.Request) {
			r.ReadBody()
			r.Send(loginResponse(tt.token(f)))
		})
		f = start(t, backend.URL, s)
		f.ask(t, login)
		waitFor(t, "the line", func() bool { return reasonLine(f.log.String(), string(tt.reason)) != nil })
		line := reasonLine(f.log.String(), string(tt.reason))
		text, _ := line["error"].(string)
		if line["level"] != tt.level || line["msg"] != tt.message || !strings.Contains(text, tt.error) || line["rule"] != "POST /login" || line["count"] != 1.0 {
			t.Errorf("%s: line = %v, want %s %q with the rule and %q", tt.reason, line, tt.level, tt.message, tt.error)
		}
		if log := f.log.String(); strings.Contains(log, `"unknown`) || strings.Contains(log, "eyJ") {
			t.Errorf("%s: log has the user id or a token:\n%s", tt.reason, log)
		}
	}
}
