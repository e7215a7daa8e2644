package backends_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// authlibClient runs the same client without and with a sidecar. Only the claim may
// differ.
func authlibClient(t *testing.T) {
	p := startRS256(t)
	at := e2e.FreeAddress(t)
	startGlewlwyd(t, at, at)
	without := authlibOutput(t, at, grantedLogin(t, at))
	with := authlibOutput(t, p.Public, grantedLogin(t, p.Public))
	claim := `,"custom_data":` + p.document("pro")
	if strings.Count(with, claim) != 5 {
		t.Errorf("with the sidecar the client got\n%s, want the document in two access tokens, the id_token, userinfo and introspection", with)
	}
	if got := strings.ReplaceAll(with, claim, ""); got != without {
		t.Errorf("the client got more than the claim from the sidecar\n%s", e2e.FirstDifference(got, without))
	}
}

func authlibOutput(t *testing.T, at e2e.Address, cookie string) string {
	t.Helper()
	return runPython(t, "authlib_client.py", map[string]string{
		"discovery": at.URL("/api/oidc/.well-known/openid-configuration"), "redirect_uri": redirectURI, "cookie": strings.TrimPrefix(cookie, "Cookie: "),
	})
}
