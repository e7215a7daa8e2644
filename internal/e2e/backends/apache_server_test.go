package backends_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// apacheConf serves a page at /app to users who are logged in, with their claims in header
// lines. The page is a file that everybody may read.
const apacheConf = `ServerRoot DIR
PidFile DIR/pid
ServerName 127.0.0.1
Listen ADDRESS
ErrorLog DIR/error.log
LogLevel warn auth_openidc:warn
Mutex file:DIR
StartServers 1
LoadModule mpm_event_module MODULES/mod_mpm_event.so
LoadModule authn_core_module MODULES/mod_authn_core.so
LoadModule authz_core_module MODULES/mod_authz_core.so
LoadModule authz_user_module MODULES/mod_authz_user.so
LoadModule alias_module MODULES/mod_alias.so
LoadModule headers_module MODULES/mod_headers.so
LoadModule auth_openidc_module MODULES/mod_auth_openidc.so
OIDCProviderMetadataURL METADATA
OIDCClientID lab
OIDCClientSecret labsecret
OIDCScope openid
OIDCRedirectURI http://ADDRESS/app/callback
OIDCCryptoPassphrase a-test-passphrase
OIDCPassRefreshToken On
OIDCInfoHook access_token id_token userinfo refresh_token
Alias /app /etc/os-release
<Location /app>
AuthType openid-connect
Require valid-user
Header always set X-Sub "%{OIDC_CLAIM_sub}e"
Header always set X-Document "%{OIDC_CLAIM_custom_data}e"
</Location>
`

// startApache starts an Apache of its own, whose mod_auth_openidc gets everything about the
// provider from an address.
func startApache(t *testing.T, at e2e.Address, metadata, more string) {
	t.Helper()
	dir := t.TempDir()
	text := strings.NewReplacer("DIR", dir, "MODULES", "/usr/lib/apache2/modules", "ADDRESS", string(at), "METADATA", metadata).Replace(apacheConf) + more
	if os.Geteuid() == 0 {
		text += "User www-data\nGroup www-data\n" // Apache does not serve as root
	}
	file := filepath.Join(dir, "apache.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			lines, err := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Logf("the log of Apache, %v:\n%s", err, lines)
		}
	})
	startProgram(t, at, "/usr/sbin/apache2", "-f", file, "-D", "FOREGROUND")
}
