package sidecar

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

// A probe costs the backend little: it renders no page, and follows no redirect.
func TestAskBackend_AsksForAHeaderOnly(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   []string
	}{
		"any status":                    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, []string{"HEAD"}},
		"a redirect":                    {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/next", http.StatusFound) }, []string{"HEAD"}},
		"a backend that drops the HEAD": {dropHead, []string{"HEAD", "GET"}},
	} {
		t.Run(name, func(t *testing.T) {
			var methods []string
			backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				methods = append(methods, r.Method)
				c.answer(w, r)
			}))
			defer backend.Close()
			address, err := config.ParseBaseURL(backend.URL)
			if err != nil {
				t.Fatal(err)
			}
			cfg := config.Default()
			cfg.Backend = address
			_, err = askBackend(t.Context(), backendClient(cfg, nil), probed(cfg, nil))
			if err != nil || !slices.Equal(slices.Compact(methods), c.want) {
				t.Errorf("askBackend: error %v, and the backend got %q; want no error and %q", err, methods, c.want)
			}
		})
	}
}

// dropHead closes the connection of a HEAD without an answer.
func dropHead(_ http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		panic(http.ErrAbortHandler)
	}
}

// A probe asks for keys or a document instead of the page at /, if it knows where they are.
func TestProbed_IsNotThePageIfAnotherIsKnown(t *testing.T) {
	const backend = "http://127.0.0.1:9000"
	for _, c := range []struct {
		jwks string
		oidc bool
		want string
	}{
		{"", false, backend + "/"},
		{"", true, backend + "/.well-known/openid-configuration"},
		{backend + "/keys?a=b", false, backend + "/keys?a=b"},
		{"https://elsewhere.example/keys", false, backend + "/"},
	} {
		cfg := config.Default()
		cfg.Backend = config.BaseURL{Scheme: "http", Host: "127.0.0.1:9000"}
		cfg.Verify.JWKS.URL, cfg.OIDC.Enabled = c.jwks, c.oidc
		if got := probed(cfg, nil); got != c.want {
			t.Errorf("with verify.jwks %q and oidc: %t, the probe asks for %s, want %s", c.jwks, c.oidc, got, c.want)
		}
	}
}
