package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
)

// A link is a TCP proxy between two parties that can be spoiled, by toxiproxy.
type link struct {
	address string // where it listens
	url     string // of the link in toxiproxy's API
}

var links atomic.Int64

// newLink makes a link to an address.
func newLink(t *testing.T, api, to string) *link {
	t.Helper()
	l := &link{}
	name := fmt.Sprintf("link%d", links.Add(1))
	answer := toxiproxy(t, http.MethodPost, api+"/proxies", fmt.Sprintf(`{"name":%q,"listen":"127.0.0.1:0","upstream":%q}`, name, to))
	var made struct{ Listen string }
	if err := json.Unmarshal(answer, &made); err != nil || made.Listen == "" {
		t.Fatalf("toxiproxy answered %s: %v", answer, err)
	}
	l.address, l.url = made.Listen, api+"/proxies/"+name
	t.Cleanup(func() { toxiproxy(t, http.MethodDelete, l.url, "") })
	return l
}

// spoil adds a toxic, such as {"type":"latency","attributes":{"latency":300}}.
func (l *link) spoil(t *testing.T, toxic string) {
	t.Helper()
	toxiproxy(t, http.MethodPost, l.url+"/toxics", toxic)
}

// heal removes every toxic.
func (l *link) heal(t *testing.T) {
	t.Helper()
	var toxics []struct{ Name string }
	if err := json.Unmarshal(toxiproxy(t, http.MethodGet, l.url+"/toxics", ""), &toxics); err != nil {
		t.Fatal(err)
	}
	for _, toxic := range toxics {
		toxiproxy(t, http.MethodDelete, l.url+"/toxics/"+toxic.Name, "")
	}
}

// lead makes the link lead elsewhere, and ends its connections.
func (l *link) lead(t *testing.T, to string) {
	t.Helper()
	toxiproxy(t, http.MethodPatch, l.url, fmt.Sprintf(`{"upstream":%q}`, to))
}

// toxiproxy asks its API.
func toxiproxy(t *testing.T, method, url, body string) []byte {
	t.Helper()
	request, err := http.NewRequest(method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		t.Fatalf("toxiproxy: %s %s: %s %s %v", method, url, response.Status, answer, err)
	}
	return answer
}
