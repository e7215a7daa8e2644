package sidecar_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

func TestCheckForward_SaysWhatTheBackendLearns(t *testing.T) {
	backend := httptest.NewServer(http.NotFoundHandler())
	defer backend.Close()
	for _, test := range []struct {
		settings string
		want     []string
	}{
		{"", []string{"GET /api/: the backend gets X-A, X-B from the enriched token at header:Authorization", "/admin/: users for whom allow is false get 403"}},
		{"shadow: true", []string{"forward: has no effect while shadow is on"}},
		{"functions: {values: nowhere}", []string{"functions.values: open nowhere"}},
	} {
		cfg, err := config.Parse(fmt.Appendf(nil, `listen: 127.0.0.1:0
backend: %s
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {secret: 0123456789abcdef0123456789abcdef}
documents: {file: users.json, user_id_field: id}
forward:
  - {match: GET /api/, headers: {X-B: "%%%%user.id", X-A: "%%%%user.type"}}
  - {match: /admin/, allow: {"%%%%user.custom_data.admin": true}}
%s
`, backend.URL, test.settings), func(string) (string, bool) { return "", false })
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		sidecar.Check(t.Context(), cfg, sidecar.Options{}, func(f sidecar.Finding) { found = append(found, fmt.Sprint(f.Text, f.At)) }, func(string) {})
		for _, want := range test.want {
			if !strings.Contains(strings.Join(found, "\n"), want) {
				t.Errorf("%s: got %q; want %q", test.settings, found, want)
			}
		}
	}
}
