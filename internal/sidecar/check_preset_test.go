package sidecar_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

// routes answers like a router with these patterns: 405 for another method, and 404 for
// a path that it does not have.
func routes(patterns ...string) http.Handler {
	mux := http.NewServeMux()
	for _, pattern := range patterns {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	}
	return mux
}

// hidesMethods answers 404 where its router answers 405, like Express and Rails.
func hidesMethods(router http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		if router.ServeHTTP(recorder, r); recorder.Code == http.StatusMethodNotAllowed {
			recorder.Code = http.StatusNotFound
		}
		w.WriteHeader(recorder.Code)
	})
}

// status answers every request of a method alike, and has a handler for the others.
func status(code int, method string, others http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if method == "" || r.Method == method {
			w.WriteHeader(code)
			return
		}
		others.ServeHTTP(w, r)
	})
}

func TestCheckPreset_SaysWhichPathsTheBackendHas(t *testing.T) {
	supabase := config.Preset{Name: "supabase"}
	stripped := routes("POST /token", "POST /signup", "POST /verify", "GET /verify", "/callback")
	for _, tt := range []struct {
		name    string
		preset  config.Preset
		backend http.Handler
		want    string // the start of the finding
	}{
		{"a router that knows other methods", supabase, routes("POST /auth/v1/token", "POST /auth/v1/factors/{id}/verify"),
			"ok: the backend has paths of the preset: /auth/v1/token, /auth/v1/factors/{factor_id}/verify"},
		{"features that are off", supabase, routes("POST /auth/v1/token"),
			"note: Not verified, because the backend answers them like a path that it does not have: /auth/v1/signup, /auth/v1/verify, "},
		{"behind a gateway that strips the prefix", supabase, stripped,
			`warn: the backend answers 404 to all 8 paths of the preset, such as /auth/v1/token, as to any path that it does not have; tokens from other paths pass without the claim; if its paths do not start with /auth/v1, set preset.prefix to what they start with, or to "" behind a gateway`},
		{"with the prefix removed", config.Preset{Name: "supabase", Prefix: "/"}, stripped,
			"ok: the backend has paths of the preset: /token, /signup, /verify, /callback"},
		{"with a prefix that is not there", config.Preset{Name: "supabase", Prefix: "/"}, routes("POST /auth/v1/token"),
			"warn: the backend answers 404 to all 8 paths of the preset, such as /token, as to any path that it does not have; tokens from other paths pass without the claim; if its paths start with something, set preset.prefix to that"},
		{"a page for the sign-in", config.Preset{Name: "devise-jwt"}, hidesMethods(routes("GET /users/sign_in", "POST /users/sign_in", "POST /users")),
			"ok: the backend has paths of the preset: /users/sign_in"},
		{"an API that hides other methods", config.Preset{Name: "devise-jwt"}, status(http.StatusNoContent, http.MethodOptions, hidesMethods(routes("POST /users/sign_in", "POST /users"))),
			"note: Not verified, because the backend answers them like a path that it does not have: /users/sign_in, "},
		{"a gateway that asks for a key first", supabase, status(http.StatusUnauthorized, "", nil),
			"note: Not verified, because the backend answers them like a path that it does not have: /auth/v1/token, "},
		{"metadata for OPTIONS", config.Preset{Name: "django-simplejwt"}, routes("OPTIONS /api/token/{$}", "POST /api/token/{$}"),
			"ok: the backend has paths of the preset: /api/token/"},
		{"a preset for all paths too", config.Preset{Name: "laravel-jwt"}, routes("POST /api/auth/login"),
			"ok: the backend has paths of the preset: /api/auth/login"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := presetFindings(t, tt.preset, tt.backend)
			if !strings.Contains("\n"+got, "\n"+tt.want) {
				t.Errorf("check found\n%s\nwant a line that starts with\n%s", got, tt.want)
			}
			if strings.Contains(got, "warn: ") && !strings.HasPrefix(tt.want, "warn: ") {
				t.Errorf("check warns:\n%s\nwant no warning", got)
			}
		})
	}
}

// A GET could use up a link in an e-mail, or start a login.
func TestCheckPreset_SendsNothingWithASideEffect(t *testing.T) {
	t.Parallel()
	for _, name := range []config.PresetName{"supabase", "devise-jwt", "app-services", "laravel-jwt", "django-simplejwt"} {
		var mu sync.Mutex
		presetFindings(t, config.Preset{Name: name}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			links := strings.HasSuffix(r.URL.Path, "/verify") || strings.HasSuffix(r.URL.Path, "/callback") ||
				strings.Contains(r.URL.Path, "/confirmation") || strings.Contains(r.URL.Path, "/providers/")
			switch {
			case r.Method == http.MethodOptions:
			case r.Method == http.MethodGet && r.URL.RawQuery == "" && (!links || strings.Contains(r.URL.Path, "/factors/") || strings.Contains(r.URL.Path, "/passkeys/")):
			case r.Method == http.MethodHead: // asks whether the backend answers
			default:
				t.Errorf("preset %s: check sends %s %s, want OPTIONS, or GET where no rule is for GET", name, r.Method, r.URL)
			}
			if r.Header.Get("Authorization") != "" || r.ContentLength > 0 {
				t.Errorf("preset %s: check sends credentials or a body to %s", name, r.URL)
			}
			w.WriteHeader(http.StatusNotFound)
		}))
	}
}

// A connection that is closed before the body of an answer was read is reset, which some
// backends log as an error.
func TestCheckPreset_ReadsAnswersToTheirEnd(t *testing.T) {
	t.Parallel()
	var connections sync.Map
	presetFindings(t, config.Preset{Name: "supabase"}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connections.Store(r.RemoteAddr, true)
		http.NotFound(w, r)
	}))
	n := 0
	connections.Range(func(any, any) bool { n++; return true })
	if n > 2 {
		t.Errorf("check asks for the paths of the preset on %d connections, want at most 2", n)
	}
}

// A backend that cannot be reached is a fault already.
func TestCheckPreset_SaysNothingWithoutABackend(t *testing.T) {
	t.Parallel()
	if got := presetFindings(t, config.Preset{Name: "supabase"}, nil); got != "" {
		t.Errorf("check found\n%s\nwant nothing about the preset", got)
	}
}

// presetFindings returns what check finds about a preset, one finding a line. Without a
// handler the backend cannot be reached.
func presetFindings(t *testing.T, preset config.Preset, backend http.Handler) string {
	t.Helper()
	server := httptest.NewServer(backend)
	t.Cleanup(server.Close)
	if backend == nil {
		server.Close()
	}
	cfg := config.Default()
	cfg.Listen, cfg.Preset = "127.0.0.1:0", preset
	cfg.Backend, _ = config.ParseBaseURL(server.URL)
	cfg.Verify.Secret = config.NewSecret(strings.Repeat("s", 32))
	cfg.Documents.File, cfg.Documents.UserIDField = "/dev/null", "id"
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	sidecar.Check(t.Context(), cfg, sidecar.Options{}, func(f sidecar.Finding) {
		if text := strings.TrimPrefix(f.String(), "preset: "); f.At.Path == "preset" || strings.Contains(text, "paths of the preset") || strings.HasPrefix(text, "Not verified") {
			lines = append(lines, string(f.Severity)+": "+text)
		}
	}, func(string) {})
	return strings.Join(lines, "\n")
}
