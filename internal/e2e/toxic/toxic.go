// Package toxic disturbs connections in tests, such as those between the sidecar and
// its backend. It runs toxiproxy as a separate process.
package toxic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// Faults of a link, as toxiproxy's API expects them.
const (
	Blackhole   = `{"type":"timeout","attributes":{"timeout":0}}` // no bytes get through
	BlackholeUp = `{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`
	Reset       = `{"type":"reset_peer","attributes":{"timeout":0}}`
	Narrow      = `{"type":"bandwidth","attributes":{"rate":1}}` // 1 KB a second
	SlowClose   = `{"type":"slow_close","attributes":{"delay":500}}`
	Sliced      = `{"type":"slicer","attributes":{"average_size":4,"delay":50000}}` // 80 bytes a second
	SlicedFine  = `{"type":"slicer","attributes":{"average_size":2,"delay":50000}}` // 40 bytes a second
	SlicedUp    = `{"type":"slicer","stream":"upstream","attributes":{"average_size":20,"delay":50000}}`
)

// Latency delays bytes that are sent downstream.
func Latency(d time.Duration) string {
	return fmt.Sprintf(`{"type":"latency","attributes":{"latency":%d}}`, d.Milliseconds())
}

// CutUp closes a connection after a number of bytes sent upstream.
func CutUp(bytes int) string { return cut("upstream", bytes) }

// CutDown closes a connection after a number of bytes sent downstream.
func CutDown(bytes int) string { return cut("downstream", bytes) }

func cut(stream string, bytes int) string {
	return fmt.Sprintf(`{"type":"limit_data","stream":%q,"attributes":{"bytes":%d}}`, stream, bytes)
}

// A Proxy creates links.
type Proxy struct {
	api   string
	links atomic.Int64
}

// Start starts toxiproxy. It stops when the test ends. If toxiproxy cannot be built,
// Start skips the test.
func Start(t testing.TB) *Proxy { return &Proxy{api: enrichtest.StartToxiproxy(t)} }

// A Link forwards connections to an address, and can be disturbed.
type Link struct {
	Address string // the address at which it listens
	url     string // its URL in toxiproxy's API
}

// Link creates a link to an address.
func (p *Proxy) Link(t testing.TB, to string) *Link {
	t.Helper()
	l := &Link{}
	name := fmt.Sprintf("link%d", p.links.Add(1))
	answer := call(t, http.MethodPost, p.api+"/proxies", fmt.Sprintf(`{"name":%q,"listen":"127.0.0.1:0","upstream":%q}`, name, to))
	var made struct{ Listen string }
	if err := json.Unmarshal(answer, &made); err != nil || made.Listen == "" {
		t.Fatalf("toxiproxy answered %s: %v", answer, err)
	}
	l.Address, l.url = made.Listen, p.api+"/proxies/"+name
	t.Cleanup(func() { call(t, http.MethodDelete, l.url, "") })
	return l
}

// Disturb adds a fault to a link, such as [Reset].
func (l *Link) Disturb(t testing.TB, toxic string) {
	t.Helper()
	call(t, http.MethodPost, l.url+"/toxics", toxic)
}

// Clear removes all faults of a link.
func (l *Link) Clear(t testing.TB) {
	t.Helper()
	var toxics []struct{ Name string }
	if err := json.Unmarshal(call(t, http.MethodGet, l.url+"/toxics", ""), &toxics); err != nil {
		t.Fatal(err)
	}
	for _, toxic := range toxics {
		call(t, http.MethodDelete, l.url+"/toxics/"+toxic.Name, "")
	}
}

// PointTo changes the address to which a link forwards, and closes its connections.
func (l *Link) PointTo(t testing.TB, to string) {
	t.Helper()
	call(t, http.MethodPatch, l.url, fmt.Sprintf(`{"upstream":%q}`, to))
}

// call calls toxiproxy's API.
func call(t testing.TB, method, url, body string) []byte {
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
