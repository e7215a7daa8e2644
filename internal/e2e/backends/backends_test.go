package backends_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

// A row is a backend with settings, and what is done with it. It is a row of the table in
// docs/backends.md, too.
type row struct {
	name      string
	backend   []part
	settings  string // of the backend
	flow      string
	verifiers []part // besides the backend
	run       func(*testing.T)
}

var rows = []row{
	{"django_secret", drf, "HS256", "login, API calls, refresh, verify; the document changes, and is deleted", []part{pyjwt}, djangoLife(secret)},
	{"django_secret_rotation", drf, "HS256, rotated refresh tokens", "login, API calls, refresh, an old refresh token, verify; the document changes, and is deleted", []part{pyjwt}, djangoRotation(secret)},
	{"django_secret_logout", drf, "HS256, blacklist", "logout; refresh and verify after it; a wrong password", nil, djangoLogout(secret)},
	{"django_secret_sliding", drf, "HS256, sliding tokens", "login, API calls, refresh, which copies claims, verify; the document changes, and is deleted", []part{pyjwt}, djangoSliding(secret)},
	{"django_rs256", drf, "RS256", "login, API calls, refresh, verify; the document changes, and is deleted", []part{pyjwt}, djangoLife(ownKeys)},
	{"django_rs256_rotation", drf, "RS256, rotated refresh tokens", "login, API calls, refresh, an old refresh token, verify; the document changes, and is deleted", []part{pyjwt}, djangoRotation(ownKeys)},
	{"django_rs256_logout", drf, "RS256, blacklist", "logout; refresh and verify after it; a wrong password", nil, djangoLogout(ownKeys)},
	{"django_rs256_sliding", drf, "RS256, sliding tokens", "login, API calls, refresh, verify; the document changes, and is deleted", []part{pyjwt}, djangoSliding(ownKeys)},
	{"django_https", drf, "RS256, `SECURE_SSL_REDIRECT`", "login, API calls, refresh, verify, the sidecar's own requests; the document changes, and is deleted", []part{pyjwt}, djangoRedirectsHTTP},
	{"glewlwyd_code", []part{glewlwyd}, "RS256", "code, userinfo, introspection, refresh, revocation, end session; the document changes, and is deleted", []part{authlib, requests}, glewlwydCode},
	{"glewlwyd_implicit", []part{glewlwyd}, "RS256", "implicit and hybrid: fragment, query, form_post", []part{authlib, requests}, glewlwydImplicit},
	{"glewlwyd_password", []part{glewlwyd}, "RS256", "password, refresh; the document changes, and is deleted; a wrong password", []part{authlib, requests}, glewlwydPassword},
	{"authlib_client", []part{glewlwyd}, "RS256", "code with PKCE, userinfo, refresh, introspection, revocation, end session; compared with the same client without the sidecar", []part{authlib, requests}, authlibClient},
	{"apache_code", []part{glewlwyd}, "RS256", "code, userinfo, refresh, logout; the document changes, and is deleted", []part{openidc, apache}, apacheCode},
	{"apache_hybrid", []part{glewlwyd}, "RS256", "hybrid with form_post, userinfo, refresh, logout; the document changes, and is deleted", []part{openidc, apache}, apacheHybrid},
	{"glewlwyd_hs256", []part{glewlwyd}, "HS256", "password, userinfo, refresh, a JWKS that is refused; the document changes, and is deleted", []part{pyjwt}, glewlwydHS256},
}

// TestBackends runs all rows. With -v it prints which versions it ran, and what was
// skipped. The programs take their time, and the race detector sees only the sidecar, so
// -short skips them.
func TestBackends(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: real backends are run without the race detector only")
	}
	results := make([]string, len(rows))
	t.Cleanup(func() { e2e.PrintTable(t, "backends", printed(results)) })
	for i, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			defer func() { results[i] = result(t) }()
			require(t, row.parts())
			row.run(t)
		})
	}
}

func (r row) parts() (all []part) { return append(append(all, r.backend...), r.verifiers...) }

func result(t *testing.T) string {
	switch {
	case t.Skipped():
		return "SKIPPED"
	case t.Failed():
		return "FAILED"
	}
	return "passed"
}
