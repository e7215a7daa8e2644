package sidecar

import (
	"encoding/json"
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
	c, _ := configured(t, draftedFile)
	metrics := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "up 1\n") }
	listener := adminHandler(c.sidecar, ServeOptions{Metrics: http.HandlerFunc(metrics), Level: &slog.LevelVar{}})
	d := openapitest.Parse(t, adminapi.OpenAPI())
	config, err := c.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	change := `"set":[{"path":"claim.include","value":["city"]}]`
	bodies := map[string][]string{
		"/api/keys/rotate":     {`{"dry_run":true}`, `{}`},
		"/api/keys/prune":      {`{"dry_run":true}`, `{}`},
		"/api/tokens/inspect":  {`{}`, `{"token":"x"}`, `{"token":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.AAAA","values":true}`},
		"/api/config/check":    {`{}`, `{` + change + `}`, `{"text":"backend: 7"}`, `{"text":"","set":[{}]}`},
		"/api/config/review":   {`{}`, `{` + change + `}`, `{"text":"backend: 7"}`, `{"text":"","base":"x"}`},
		"/api/config/sample":   {`{}`, `{` + change + `}`, `{"text":"backend: 7"}`},
		"/api/config/deploy":   {`{}`, `{"base":"x",` + change + `}`, `{"base":"` + config.Revision + `","text":"backend: 7"}`, `{"base":"` + config.Revision + `",` + change + `}`},
		"/api/config/rollback": {`{"to":"x"}`, `{}`},
		"/loglevel":            {"debug", "loud"},
	}
	for _, e := range openapi.Endpoints() {
		if bodies[e.Path] == nil {
			bodies[e.Path] = []string{""}
		}
		for _, body := range bodies[e.Path] {
			for _, token := range []string{"", "token-of-the-operators"} {
				for _, user := range []string{"anna", "anna?values=true", "nobody?values=false", "%20"} {
					if user != "anna" && !strings.HasSuffix(e.Path, "{user_id}") {
						continue
					}
					r := httptest.NewRequest(e.Method, strings.Replace(e.Path, "{user_id}", user, 1), strings.NewReader(body))
					r.RemoteAddr, r.Host = "127.0.0.1:5000", "127.0.0.1"
					if token != "" {
						r.Header.Set("Authorization", "Bearer "+token)
					}
					w := httptest.NewRecorder()
					listener.ServeHTTP(w, r)
					if err := d.Answers(e, w); err != nil {
						t.Errorf("%s %s with the body %s and the token %q: %d %s: %v", e.Method, r.URL, body, token, w.Code, w.Body, err)
					}
					if e.Body != nil && json.Valid([]byte(body)) {
						if err := d.Accepts(e, []byte(body)); err != nil {
							t.Errorf("the schema of %s refuses %s: %v", e.Path, body, err)
						}
					}
				}
			}
		}
	}
}
