package cli_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// Many Java and .NET programs decode their secret from base64.
func TestCheckAndTry_NameTheEncodingOfTheSecret(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	issuer.Private = []byte(enrichtest.Secret)[:32]
	text := base64.StdEncoding.EncodeToString([]byte(enrichtest.Secret)[:32])
	configured := func(encoding string) string {
		return writeConfig(t, fmt.Sprintf(`listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: "%s"%s}
documents: {file: users.json, user_id_field: id}
`, text, encoding), map[string]string{"users.json": `[{"id":"u1"}]`})
	}
	const fix = "verify.secret_encoding: base64"
	for encoding, want := range map[string]struct {
		code   int
		advice bool
	}{"": {exitNotEnriched, true}, ", secret_encoding: text": {exitNotEnriched, true}, ", secret_encoding: base64": {exitOK, false}} {
		path := configured(encoding)
		_, checked, _ := run(t, "check", "-c", path)
		if strings.Contains(checked, fix) != want.advice {
			t.Errorf("check with %q prints\n%s\nwant the advice %q: %v", encoding, checked, fix, want.advice)
		}
		code, stdout, stderr := run(t, "try", "-c", path, issuer.Token(`{"sub":"u1"}`))
		if code != want.code || strings.Contains(stdout, fix) != want.advice {
			t.Errorf("try with %q: exit code %d, want %d and the advice %q: %v in\n%s", encoding, code, want.code, fix, want.advice, stdout)
		}
		if strings.Contains(checked+stdout+stderr, text) {
			t.Errorf("with %q: the secret is in the output", encoding)
		}
	}
}
