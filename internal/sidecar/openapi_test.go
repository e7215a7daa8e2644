package sidecar

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/adminapi/openapi"
	"github.com/tokengraft/tokengraft/internal/adminapi/openapi/openapitest"
)

// A real sidecar answers as the description of its listener says. A list that is nil would be
// null in JSON, for example, and clients that are generated do not expect that.
func TestOpenAPI_DescribesASidecar(t *testing.T) {
	c, _, _, _ := running(t, draftedFile)
	metrics := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "up 1\n") }
	listener := adminHandler(c.sidecar, ServeOptions{Metrics: http.HandlerFunc(metrics), Level: &slog.LevelVar{}})
	d := openapitest.Parse(t, adminapi.OpenAPI())
	bodies, got := requestBodies(revision(t, c)), map[int]bool{}
	for _, e := range openapi.Endpoints() {
		if bodies[e.Path] == nil {
			bodies[e.Path] = []string{""}
		}
		for _, body := range bodies[e.Path] {
			if err := acceptsBody(d, e, body); err != nil {
				t.Errorf("the schema of %s refuses %s: %v", e.Path, body, err)
			}
			for _, authorization := range []string{"", "Bearer token-of-the-operators"} {
				for _, target := range targets(e) {
					w := askListener(listener, e.Method, target, body, authorization)
					got[w.Code] = true
					if err := d.Answers(e, w); err != nil {
						t.Errorf("%s %s with the body %s and the authorization %q: %d %s: %v", e.Method, target, body, authorization, w.Code, w.Body, err)
					}
				}
			}
		}
	}
	for _, status := range []int{200, 204, 400, 403, 409, 422, 503} {
		if !got[status] {
			t.Errorf("no request got %d, so its answer was not compared", status)
		}
	}
}

// requestBodies are bodies by the path of their endpoint.
func requestBodies(revision string) map[string][]string {
	const change, faulty = `"set":[{"path":"claim.include","value":["city"]}]`, `"text":"backend: 7"`
	base := `"base":"` + revision + `",`
	return map[string][]string{
		"/api/keys/rotate":     {`{"dry_run":true}`, `{}`},
		"/api/keys/prune":      {`{"dry_run":true}`, `{}`},
		"/api/tokens/inspect":  {`{}`, `{"token":"x"}`, `{"token":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.AAAA","values":true}`},
		"/api/config/check":    {`{}`, `{` + change + `}`, `{` + faulty + `}`, `{"text":"","set":[{}]}`},
		"/api/config/review":   {`{}`, `{` + change + `}`, `{` + faulty + `}`, `{"base":"x","text":""}`},
		"/api/config/sample":   {`{}`, `{` + change + `}`, `{` + faulty + `}`},
		"/api/config/deploy":   {`{}`, `{"base":"x",` + change + `}`, `{` + base + faulty + `}`, `{` + base + change + `}`},
		"/api/config/rollback": {`{"to":"x"}`, `{}`},
		"/loglevel":            {"debug", "loud"},
	}
}

func acceptsBody(d *openapitest.Description, e openapi.Endpoint, body string) error {
	if e.Body == nil {
		return nil
	}
	return d.Accepts(e, []byte(body))
}

// targets are addresses of an endpoint.
func targets(e openapi.Endpoint) (all []string) {
	if !strings.Contains(e.Path, "{user_id}") {
		return []string{e.Path}
	}
	for _, user := range []string{"anna", "anna?values=true", "nobody?values=false", "anna?values=x", "%20"} {
		user, query, _ := strings.Cut(user, "?")
		all = append(all, strings.Replace(e.Path, "{user_id}", user, 1)+"?"+query)
	}
	return all
}

func askListener(listener http.Handler, method, target, body, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr, r.Host = "127.0.0.1:5000", "127.0.0.1"
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	listener.ServeHTTP(w, r)
	return w
}
