package appservices_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// Browsers hide an answer without the headers for web pages, and SDKs understand errors only
// in their shape, also if the sidecar refuses a request before it looks at it.
func TestAccess_RefusalsReachWebPages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "f.js", "exports = () => 1")
	write(t, dir, "users.json", "[]")
	const page = "https://app.example.com"
	s := startSidecar(t, hs256, "documents: {file: '"+filepath.Join(dir, "users.json")+"', user_id_field: id}\nfunctions: {dir: '"+dir+"'}\n"+
		"access: {mode: owner-read, functions: true, origins: ['"+page+"']}\n")
	many := strings.Split(strings.Repeat("A: b\n", 300)+"Origin: "+page, "\n")
	for path, want := range map[string]struct{ kind, body string }{
		"/.tokengraft/custom_data":                    {"application/problem+json", `"type":"urn:tokengraft:headers-too-large"`},
		clientAPI + "/app/myapp-abcde/functions/call": {"application/json", `"error_code":"BadRequest"`},
	} {
		reply := s.Public.Ask(t, http.MethodPost, path, "{}", many...)
		if h := reply.Header; reply.Status != http.StatusRequestHeaderFieldsTooLarge || h.Get("Content-Type") != want.kind || !strings.Contains(reply.Body, want.body) || h.Get("Access-Control-Allow-Origin") != page {
			t.Errorf("%s with 300 lines: got %d %v %s, want 431 as %s with %s, for %s", path, reply.Status, h, reply.Body, want.kind, want.body, page)
		}
		preflight := append([]string{"Access-Control-Request-Method: POST"}, many...)
		if reply := s.Public.Ask(t, http.MethodOptions, path, "", preflight...); reply.Status != http.StatusNoContent || reply.Header.Get("Access-Control-Allow-Methods") == "" {
			t.Errorf("%s, the preflight: got %d %v, want 204 with the methods", path, reply.Status, reply.Header)
		}
	}
	if metrics := s.Admin.Get(t, "/metrics"); !strings.Contains(metrics, `tokengraft_access_requests_total{endpoint="custom_data",result="invalid"} 1`) {
		t.Errorf("metrics:\n%s\nwant the refused request in tokengraft_access_requests_total", metrics)
	}
}
