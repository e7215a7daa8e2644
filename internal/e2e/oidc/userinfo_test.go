package oidc_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// TestUserInfo_SignedWithoutIssuerOrEnd asks for userinfo that is signed as Authelia (no
// iss) and Hydra (no exp) sign it. The same token of a token endpoint is not ours.
func TestUserInfo_SignedWithoutIssuerOrEnd(t *testing.T) {
	const issuer = "https://idp.example.com"
	provider, signer, stranger := e2e.StartBackend(t), enrichtest.NewIssuer(t, "RS256"), enrichtest.NewIssuer(t, "ES256")
	provider.Publish(e2e.JWKS(signer))
	provider.Handle("/.well-known/openid-configuration", e2e.Response{Body: fmt.Sprintf(`{"issuer":%q,"jwks_uri":"%[1]s/jwks.json",`+
		`"token_endpoint":"%[1]s/token","userinfo_endpoint":"%[1]s/userinfo","introspection_endpoint":"%[1]s/introspect"}`, issuer)})
	s := e2e.Start(t, e2e.Options{
		Configuration: fmt.Sprintf("backend: %s\noidc: true\nsign: {keys: keys}\nverify: {audience: [web]}\nclaim: {responses: [userinfo, introspection]}\ndocuments: {file: users.json, user_id_field: id}\n", provider.URL),
		Documents:     `[{"id":"id1","lang":"en"}]`,
	})
	s.WaitReady(t, "jwks")
	exp := fmt.Sprint(time.Now().Add(time.Hour).Unix())
	for _, tt := range []struct {
		name, method, path, answer string
		signer                     *enrichtest.Issuer
		claims                     string
		enriched                   bool
	}{
		{"all claims", "GET", "/userinfo", "%s", signer, `{"iss":"` + issuer + `","aud":"web","exp":` + exp + `,"sub":"id1"}`, true},
		{"without iss", "GET", "/userinfo", "%s", signer, `{"aud":["web"],"iat":1,"sub":"id1"}`, true},
		{"without aud", "POST", "/userinfo", "%s", signer, `{"iss":"` + issuer + `","exp":` + exp + `,"sub":"id1"}`, true},
		{"sub alone", "POST", "/userinfo", "%s", signer, `{"sub":"id1"}`, true},
		{"another issuer", "GET", "/userinfo", "%s", signer, `{"iss":"https://other.example.com","sub":"id1"}`, false},
		{"another audience", "GET", "/userinfo", "%s", signer, `{"aud":"other","sub":"id1"}`, false},
		{"a stranger's key", "GET", "/userinfo", "%s", stranger, `{"sub":"id1"}`, false},
		{"access token without iss", "POST", "/token", `{"access_token":"%s"}`, signer, `{"aud":"web","exp":` + exp + `,"sub":"id1"}`, false},
		{"introspection, which is signed", "POST", "/introspect", "%s", signer, `{"iss":"` + issuer + `","aud":"web","token_introspection":{"active":true,"sub":"id1"}}`, false},
	} {
		token := tt.signer.Token(tt.claims)
		contentType := "Content-Type: application/jwt"
		if strings.HasPrefix(tt.answer, "{") {
			contentType = "Content-Type: application/json"
		}
		provider.Handle(tt.method+" "+tt.path, e2e.Response{Header: []string{contentType}, Body: fmt.Sprintf(tt.answer, token)})
		reply := s.Public.Ask(t, tt.method, tt.path, "")
		tokens := e2e.Tokens(reply.Body)
		if reply.Status != http.StatusOK || len(tokens) != 1 {
			t.Fatalf("%s: got %d %s, want 200 and one token", tt.name, reply.Status, reply.Body)
		}
		if _, claims := enrichtest.DecodeToken(t, tokens[0]); strings.Contains(claims, `"custom_data":{"id":"id1","lang":"en"}`) != tt.enriched || !tt.enriched && tokens[0] != token {
			t.Errorf("%s: got claims %s, want the document in them: %t, or else the token as it was", tt.name, claims, tt.enriched)
		}
	}
	if log := s.Log.String(); strings.Contains(log, "sign.retire_after") {
		t.Errorf("the log warns about the life of userinfo: %s", log)
	}
}
