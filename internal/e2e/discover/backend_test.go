package discover_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A service is a login service without documentation.
type service struct {
	*httptest.Server
	mu     sync.Mutex
	issued map[string]bool // the tokens that are valid
}

// start serves the handlers by their patterns.
func (s *service) start(t *testing.T, handlers map[string]http.HandlerFunc) {
	s.issued = map[string]bool{}
	mux := http.NewServeMux()
	for pattern, handler := range handlers {
		mux.HandleFunc(pattern, handler)
	}
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
}

// issue remembers a token. Like most backends, the service accepts only its own
// tokens, byte for byte.
func (s *service) issue(token string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued[token] = true
	return token
}

func (s *service) isIssued(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issued[token]
}

// revoke ends a token. It returns false if the service did not issue it.
func (s *service) revoke(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.issued[token]
	delete(s.issued, token)
	return known
}

// jti is unique, so that no two tokens are the same.
var jti = func() func() string {
	var mu sync.Mutex
	n := 0
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		return fmt.Sprintf("t%06d", n)
	}
}()

// times are the claims about time of a token that was issued now.
func times() string {
	now := time.Now().Unix()
	return fmt.Sprintf(`"iat":%d,"exp":%d`, now, now+900)
}

func bearer(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

func sendJSON(w http.ResponseWriter, contentType string, status int, format string, args ...any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	fmt.Fprintf(w, format, args...)
}

// A client talks to the service or to something in front of it, and records the session.
type client struct {
	t       *testing.T
	at      e2e.Address
	entries []any // of a HAR file
}

// ask sends a request as [e2e.Address.Ask] does.
func (c *client) ask(method, target, body string, lines ...string) e2e.Reply {
	c.t.Helper()
	reply := c.at.Ask(c.t, method, target, body, lines...)
	c.record(method, target, body, lines, reply)
	return reply
}

// record adds an entry of HTTP Archive 1.2, as the developer tools of browsers export it.
func (c *client) record(method, target, body string, lines []string, reply e2e.Reply) {
	type m = map[string]any
	var sent, came []any
	mime := ""
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		sent = append(sent, m{"name": name, "value": value})
		if name == "Content-Type" {
			mime = value
		}
	}
	for name, values := range reply.Header {
		for _, value := range values {
			came = append(came, m{"name": name, "value": value})
		}
	}
	request := m{"method": method, "url": c.at.URL(target), "httpVersion": "HTTP/1.1", "headers": sent, "queryString": []any{}, "cookies": []any{}, "headersSize": -1, "bodySize": len(body)}
	if body != "" {
		request["postData"] = m{"mimeType": mime, "text": body}
	}
	c.entries = append(c.entries, m{
		"startedDateTime": time.Now().UTC().Format(time.RFC3339Nano), "time": 1, "request": request,
		"response": m{
			"status": reply.Status, "statusText": http.StatusText(reply.Status), "httpVersion": "HTTP/1.1", "headers": came, "cookies": []any{}, "redirectURL": "",
			"content": m{"size": len(reply.Body), "mimeType": reply.Header.Get("Content-Type"), "text": reply.Body},
		},
	})
}

// har returns the session as a file.
func (c *client) har() []byte {
	file := map[string]any{"log": map[string]any{"version": "1.2", "creator": map[string]any{"name": "test", "version": "1"}, "entries": c.entries}}
	text, err := json.Marshal(file)
	if err != nil {
		c.t.Fatal(err)
	}
	return text
}

// cookie returns the value of a cookie that a reply sets.
func cookie(reply e2e.Reply, name string) string {
	for _, c := range (&http.Response{Header: reply.Header}).Cookies() {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// member returns a string of a JSON body, by names and indexes.
func member(t *testing.T, body string, path ...any) string {
	t.Helper()
	var value any
	if err := json.NewDecoder(strings.NewReader(body)).Decode(&value); err != nil && err != io.EOF {
		t.Fatalf("the answer is not JSON: %v", err)
	}
	for _, step := range path {
		switch key := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[key]
		case int:
			array, _ := value.([]any)
			if key >= len(array) {
				t.Fatalf("the answer has no element %d at %v", key, path)
			}
			value = array[key]
		}
	}
	text, ok := value.(string)
	if !ok {
		t.Fatalf("the answer has no string at %v: %.300s", path, body)
	}
	return text
}
