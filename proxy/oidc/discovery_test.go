package oidc_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// captured returns the discovery document of a real backend.
func captured(t testing.TB, name string) []byte {
	t.Helper()
	document, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestParse_ReadsDocumentsOfRealBackends(t *testing.T) {
	tests := map[string]oidc.Discovery{
		"hydra": {
			Issuer:        "http://127.0.0.1:14444",
			Authorization: "/oauth2/auth",
			Token:         "/oauth2/token",
			UserInfo:      "/userinfo",
			Revocation:    "/oauth2/revoke",
			EndSession:    "/oauth2/sessions/logout",
			JWKS:          "/.well-known/jwks.json",
			Algorithms:    []string{"RS256"},
		},
		"zitadel": {
			Issuer:              "http://localhost:19998/",
			Authorization:       "/auth",
			Token:               "/oauth/token",
			UserInfo:            "/userinfo",
			Introspection:       "/oauth/introspect",
			Revocation:          "/revoke",
			EndSession:          "/end_session",
			DeviceAuthorization: "/device_authorization",
			JWKS:                "/keys",
			Algorithms:          []string{"RS256"},
		},
		"glewlwyd": {
			Issuer:              "http://127.0.0.1:34593/api/oidc",
			Authorization:       "//api/oidc/auth",
			Token:               "//api/oidc/token",
			UserInfo:            "//api/oidc/userinfo",
			Introspection:       "//api/oidc/introspect",
			Revocation:          "//api/oidc/revoke",
			DeviceAuthorization: "//api/oidc/device_authorization",
			JWKS:                "//api/oidc/jwks",
			Algorithms:          []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"},
		},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := oidc.Parse(captured(t, name))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("Parse of testdata/%s.json = %+v, %v; want %+v", name, got, err, want)
			}
		})
	}
}

// with returns a document with the required members and these members.
func with(members string) string {
	return `{"issuer":"https://a.example","jwks_uri":"https://a.example/keys"` + members + `}`
}

func TestParse_KeepsPathsUnchanged(t *testing.T) {
	tests := []struct{ name, member, url, want string }{
		{"public address", "token_endpoint", "https://b.example:8443/t", "/t"},
		{"no path", "token_endpoint", "https://b.example", "/"},
		{"query dropped", "token_endpoint", "https://b.example/t?p=x", "/t"},
		{"bare question mark dropped", "token_endpoint", "https://b.example/t?", "/t"},
		{"fragment dropped", "token_endpoint", "https://b.example/t#f", "/t"},
		{"slashes and dots", "token_endpoint", "https://b.example//a/../t/", "//a/../t/"},
		{"escapes", "token_endpoint", "https://b.example/a%2Fb%20c/t", "/a%2Fb%20c/t"},
		{"braces", "token_endpoint", "https://b.example/{tenant}/t", "/%7Btenant%7D/t"},
		{"query of jwks_uri kept", "jwks_uri", "https://b.example/k?p=x", "/k?p=x"},
		{"empty is absent", "token_endpoint", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			document := `{"issuer":"x","jwks_uri":"https://a.example/keys","token_endpoint":"` + tt.url + `"}`
			if tt.member == "jwks_uri" {
				document = `{"issuer":"x","jwks_uri":"` + tt.url + `"}`
			}
			d, err := oidc.Parse([]byte(document))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{"token_endpoint": d.Token, "jwks_uri": d.JWKS}[tt.member]
			if got != tt.want {
				t.Errorf("Parse with %s %s returned the path %q, want %q", tt.member, tt.url, got, tt.want)
			}
		})
	}
}

func TestParse_AcceptsMissingAndUnknownMembers(t *testing.T) {
	want := oidc.Discovery{Issuer: "https://a.example", JWKS: "/keys"}
	for _, members := range []string{
		``,
		`,"token_endpoint":null,"id_token_signing_alg_values_supported":null`,
		`,"unknown":{"token_endpoint":7},"mtls_endpoint_aliases":"none"`,
	} {
		got, err := oidc.Parse([]byte(with(members)))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%s) = %+v, %v; want %+v", with(members), got, err, want)
		}
	}
	d, err := oidc.Parse([]byte(with(`,"mtls_endpoint_aliases":{"token_endpoint":"https://mtls.a.example/mtls/t"}`)))
	if err != nil || d.TokenMTLS != "/mtls/t" {
		t.Errorf("Parse with mtls_endpoint_aliases = %+v, %v; want TokenMTLS /mtls/t", d, err)
	}
}

func TestParse_ErrorNamesTheFault(t *testing.T) {
	tests := []struct{ name, document, want string }{
		{"not JSON", `<html>`, "invalid JSON"},
		{"array", `[]`, "not a JSON object"},
		{"no issuer", `{"jwks_uri":"https://a.example/keys"}`, "issuer is missing"},
		{"empty issuer", `{"issuer":"","jwks_uri":"https://a.example/keys"}`, "issuer is missing"},
		{"no jwks_uri", `{"issuer":"https://a.example"}`, "jwks_uri is missing"},
		{"null jwks_uri", `{"issuer":"https://a.example","jwks_uri":null}`, "jwks_uri is missing"},
		{"both missing", `{"error":"later"}`, "issuer is missing\njwks_uri is missing"},
		{"issuer is a number", `{"issuer":1,"jwks_uri":"https://a.example/keys"}`, "issuer is not a string"},
		{"two issuers", with(`,"issuer":"https://b.example"`), "issuer occurs twice"},
		{"too large", with(`,"x":"` + strings.Repeat("x", oidc.MaxDocument) + `"`), "larger than 1048576 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := oidc.Parse([]byte(tt.document))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !reflect.DeepEqual(d, oidc.Discovery{}) {
				t.Errorf("Parse(%.90s) = %+v, %v; want the zero Discovery and an error with %q", tt.document, d, err, tt.want)
			}
		})
	}
}

// One member that cannot be read blocks no other.
func TestParse_LeavesOutWhatCannotBeRead(t *testing.T) {
	tests := []struct{ name, document, want string }{
		{"jwks_uri is a number", `{"issuer":"https://a.example","jwks_uri":1`, "jwks_uri is not a string"},
		{"member twice", with(`,"token_endpoint":"https://a.example/t","token\u005fendpoint":"https://a.example/u"`), "token_endpoint occurs twice"},
		{"relative address", with(`,"token_endpoint":"/t"`), "token_endpoint is not an absolute"},
		{"address without scheme", with(`,"token_endpoint":"//a.example/t"`), "token_endpoint is not an absolute"},
		{"address with another scheme", with(`,"userinfo_endpoint":"file:///etc/passwd"`), "userinfo_endpoint is not an absolute"},
		{"address without host", with(`,"revocation_endpoint":"https:///t"`), "revocation_endpoint is not an absolute"},
		{"address with an invalid escape", with(`,"end_session_endpoint":"https://a.example/%zz"`), "end_session_endpoint is not an absolute"},
		{"address with a line break", with(`,"introspection_endpoint":"https://a.example/\n"`), "introspection_endpoint is not an absolute"},
		{"address is a list", with(`,"authorization_endpoint":["https://a.example/"]`), "authorization_endpoint is not a string"},
		{"relative alias", with(`,"mtls_endpoint_aliases":{"token_endpoint":"t"}`), "mtls_endpoint_aliases.token_endpoint is not"},
		{"algorithms are a string", with(`,"id_token_signing_alg_values_supported":"RS256"`), "id_token_signing_alg_values_supported is not a list"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			document := strings.TrimSuffix(tt.document, "}") + `,"device_authorization_endpoint":"https://a.example/device"}`
			d, err := oidc.Parse([]byte(document))
			if err != nil || len(d.LeftOut) != 1 || !strings.Contains(d.LeftOut[0], tt.want) {
				t.Fatalf("Parse(%s) = %+v, %v; want one member left out, with %q", document, d, err, tt.want)
			}
			if d.Issuer != "https://a.example" || d.DeviceAuthorization != "/device" || d.Token+d.UserInfo+d.Revocation+d.EndSession != "" || d.Algorithms != nil {
				t.Errorf("Parse(%s) = %+v, want the members that can be read and no others", document, d)
			}
		})
	}
}

func TestParse_ReadsWhatHasOneMeaning(t *testing.T) {
	want := oidc.Discovery{Issuer: "https://a.example", JWKS: "/keys", Token: "/t"}
	for _, document := range []string{
		"\ufeff" + with(`,"token_endpoint":"https://a.example/t"`) + "\r\n",
		with(`,"token_endpoint":"https://a.example/t","token_endpoint":"https://a.example/t"`),
		with(`,"x":{"a":1,"a":2},"x":"` + "\xff" + `","token_endpoint":"https://a.example/t"`),
	} {
		if got, err := oidc.Parse([]byte(document)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", document, got, err, want)
		}
	}
}

func TestParse_NamesEveryFaultAndNoValue(t *testing.T) {
	d, err := oidc.Parse([]byte(`{"issuer":"x","jwks_uri":7,"token_endpoint":"https://user:hunter2@/t"}`))
	if want := []string{"token_endpoint is not an absolute http or https URL", "jwks_uri is not a string"}; err != nil || !slices.Equal(d.LeftOut, want) {
		t.Errorf("Parse leaves out %q (%v), want %q", d.LeftOut, err, want)
	}
}

// FuzzParse_GivesValidRules tests that every document that Parse accepts gives rules
// that the proxy accepts.
func FuzzParse_GivesValidRules(f *testing.F) {
	for _, name := range []string{"hydra", "zitadel", "glewlwyd"} {
		f.Add(captured(f, name))
	}
	for _, path := range []string{"", "/", "//", "/a/", "/{x}/{$}", "/%7Bx...%7D", "/a/./..//b/..", "/%2e%2e/", "/ü y"} {
		f.Add([]byte(with(`,"token_endpoint":"https://a` + path + `","authorization_endpoint":"https://a` + path + `"`)))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		d, err := oidc.Parse(document)
		if err != nil {
			return
		}
		rules := d.Rules(enrich.Pass)
		if _, err := proxy.NewRules(rules); err != nil {
			t.Fatalf("NewRules fails for the rules of %q: %v", document, err)
		}
		if d.Token != "" && len(rules) == 0 {
			t.Fatalf("no rule for the token endpoint of %q", document)
		}
	})
}
