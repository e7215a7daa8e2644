package cli_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/certs/certstest"
)

// withTLS writes a configuration with this setting on line 3.
func withTLS(t *testing.T, setting string) (path string) {
	t.Helper()
	return writeConfig(t, fmt.Sprintf(`listen: 127.0.0.1:0
backend: https://127.0.0.1:1
%s
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {secret: %q}
documents: {file: users.json, user_id_field: id}
`, setting, enrichtest.Secret), nil)
}

func TestCertificates_UnreadableFilesPreventTheStart(t *testing.T) {
	a := certstest.New(t)
	certFile, keyFile := a.Write(t, "server", "host", 100*time.Hour)
	_, otherKey := a.Write(t, "other", "other", time.Hour)
	for _, c := range []struct{ setting, want string }{
		{"tls: {cert_file: absent.pem, key_file: " + keyFile + "}", ":3:18: tls.cert_file: "},
		{"tls: {cert_file: " + certFile + ", key_file: " + otherKey + "}", "tls.key_file: "},
		{"backend_tls: {ca_file: " + keyFile + "}", ":3:24: backend_tls.ca_file: "},
	} {
		path := withTLS(t, c.setting)
		for _, command := range []string{"serve", "check"} {
			code, stdout, stderr := run(t, command, "-c", path)
			if got := stdout + stderr; code != exitFault || !strings.Contains(got, c.want) {
				t.Errorf("%s with %s: exit code %d, want %d and %q:\n%s", command, c.setting, code, exitFault, c.want, got)
			}
		}
	}
}

func TestCheck_ReportsAnExpiredCertificate(t *testing.T) {
	certFile, keyFile := certstest.New(t).Write(t, "server", "host", -time.Hour)
	_, stdout, _ := run(t, "check", "-c", withTLS(t, fmt.Sprintf("tls: {cert_file: %s, key_file: %s}", certFile, keyFile)))
	if want := ":3:18: tls.cert_file: the certificate expired at "; !strings.Contains(stdout, want) {
		t.Errorf("check prints\n%s\nwant %q in it", stdout, want)
	}
}
