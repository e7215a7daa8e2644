package discover_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/discover"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// jsonLogin is a login whose answer has a token in a JSON member of this name.
func jsonLogin(path, member, token string, lines ...string) discover.Exchange {
	header := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(lines); i += 2 {
		header.Add(lines[i], lines[i+1])
	}
	return discover.Exchange{
		Method: "POST", Path: path, RequestHeader: http.Header{"Content-Type": {"application/json"}}, HasRequestBody: true, RequestBody: []byte(`{"username":"anna","password":"x"}`),
		Status: 200, Header: header, Body: []byte(`{"` + member + `":"` + token + `"}`),
	}
}

// A token endpoint that the discovery document of an OpenID provider names has no rule of its own.
func TestWrite_OIDCReplacesRules(t *testing.T) {
	token := jws(`{"alg":"RS256"}`, `{"iss":"https://auth.example.com","sub":"u"}`, "x")
	r := reportOf(t, []discover.Exchange{jsonLogin("/oauth2/token", "access_token", token), jsonLogin("/api/login", "jwt", token)})
	r.Keys = discover.Keys{OIDC: true, Algorithms: []string{"RS256"}, Rules: []proxy.Rule{
		{Pattern: "POST /oauth2/token", Tokens: []locate.Location{locate.MustParse("json:access_token")}},
		{Pattern: "authorization response", Elsewhere: true, Tokens: []locate.Location{locate.MustParse("fragment:access_token")}},
	}}
	got := written(t, r)
	cfg, err := load(t, got)
	if err != nil || !cfg.OIDC.Enabled || len(cfg.Rules) != 1 || cfg.Rules[0].Match != "POST /api/login" || cfg.Sign.Keys == "" {
		t.Errorf("the configuration (%v) is\n%s\nwant oidc: true, sign.keys, and a rule for POST /api/login only", err, got)
	}
}

// The path of a discovery document that is not the usual one is written as the
// configuration reads it.
func TestWrite_OIDCAtAnotherPathIsAValidConfiguration(t *testing.T) {
	r := reportOf(t, []discover.Exchange{jsonLogin("/token", "access_token", jws(`{"alg":"RS256"}`, `{"sub":"u"}`, "x"))})
	r.Keys = discover.Keys{OIDC: true, Discovery: "/realms/a/.well-known/openid-configuration", Algorithms: []string{"RS256"}}
	got := written(t, r)
	if cfg, err := load(t, got); err != nil || !cfg.OIDC.Enabled || !slices.Equal(cfg.OIDC.Discovery, []string{r.Keys.Discovery}) {
		t.Errorf("the configuration (%v) is\n%s\nwant oidc.discovery with the path", err, got)
	}
}

// A preset that fits fully, for a backend that its tokens show, replaces the rules.
func TestWrite_APresetReplacesRules(t *testing.T) {
	r := reportOf(t, []discover.Exchange{jsonLogin("/api/auth/login", "access_token", jws(`{"alg":"HS256"}`, `{"sub":"1","prv":"x","jti":"y"}`, "x"))})
	got := written(t, r)
	cfg, err := load(t, got)
	if err != nil || cfg.Preset.Name != "laravel-jwt" || strings.Contains(got, "\nrules:") {
		t.Errorf("the configuration (%v) is\n%s\nwant preset: laravel-jwt without rules", err, got)
	}
}

// Browsers refuse cookies over 4096 bytes, and many servers headers over 8 KiB.
func TestWrite_WarnsOfLinesNearTheirLimit(t *testing.T) {
	token := jws(`{"alg":"HS256"}`, `{"sub":"u","permissions":"`+strings.Repeat("read ", 500)+`"}`, "x")
	use := discover.Exchange{Method: "GET", Path: "/me", RequestHeader: http.Header{"Authorization": {"Bearer " + token}, "Cookie": {"session=" + token}}, Status: 200, Header: http.Header{}}
	got := strings.ReplaceAll(written(t, reportOf(t, []discover.Exchange{jsonLogin("/login", "ok", "", "Set-Cookie", "session="+token+"; Path=/"), use})), "\n#", "")
	for _, want := range []string{"cookie:session of POST /login has up to", "of at most 4096 bytes", "include little", "Many servers refuse more than 8192"} {
		if !strings.Contains(got, want) {
			t.Errorf("the configuration of a large cookie has no %q:\n%s", want, got)
		}
	}
}

// Clients that send id_tokens to APIs need the claim in them.
func TestWrite_KindsFollowTheUse(t *testing.T) {
	id := jws(`{"alg":"HS256"}`, `{"sub":"u","nonce":"n"}`, "x")
	got := written(t, reportOf(t, []discover.Exchange{jsonLogin("/login", "id_token", id)}))
	if cfg, err := load(t, got); err != nil || len(cfg.Claim.Kinds) != 1 || cfg.Claim.Kinds[0] != "id" {
		t.Errorf("the configuration of a backend with id_tokens only (%v) is\n%s\nwant claim.kinds: [id]", err, got)
	}
}
