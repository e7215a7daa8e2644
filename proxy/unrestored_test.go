package proxy_test

import (
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tokengraft/tokengraft/proxy"
)

const unauthorized = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"

// A backend that looks its tokens up answers 401 to every enriched one. The first time,
// the log names the setting that helps.
func TestUnrestored_CountsAndNamesRestore(t *testing.T) {
	for _, algorithm := range []string{"HS256", "ES256"} {
		t.Run(algorithm, func(t *testing.T) {
			f, _ := startResponding(t, unauthorized, setup{algorithm: algorithm, rules: logins(t), snapshot: func(s *proxy.Snapshot) { s.Restore = false }})
			original := f.token("")
			enriched := f.enriched(t, original)
			expired := f.issuer.Token(`{"sub":"u1","exp":1000000000,"custom_data":{"lang":"en"}}`)
			for _, token := range []string{enriched, enriched, original, expired, "opaque", enriched[:len(enriched)-4] + "AAAA"} {
				f.ask(t, request("GET", "/me", []string{"Authorization: Bearer " + token}, ""))
			}
			if n := f.counted(t, "tokengraft.unrestored.unauthorized", attribute.KeyValue{}); n != 2 {
				t.Errorf("counted %d responses 401, want 2: those to the enriched token", n)
			}
			if n := strings.Count(f.log.String(), "Set restore: on"); n != 1 {
				t.Errorf("the log has %d lines that name restore: on, want 1:\n%s", n, f.log)
			}
		})
	}
}

// A restored token is the backend's own, so a response 401 to it is not our fault.
func TestUnrestored_IgnoresRestoredTokens(t *testing.T) {
	f, _ := startResponding(t, unauthorized, setup{rules: logins(t)})
	f.ask(t, request("GET", "/me", []string{"Authorization: Bearer " + f.enriched(t, f.token(""))}, ""))
	if n := f.counted(t, "tokengraft.unrestored.unauthorized", attribute.KeyValue{}); n != 0 || strings.Contains(f.log.String(), "restore: on") {
		t.Errorf("counted %d responses 401, want 0; log %s", n, f.log)
	}
}
