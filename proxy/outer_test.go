package proxy_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

// A program can put the proxy behind a handler of its own, which sets fields first. They stay,
// also those that the backend sends too.
func TestHeader_OfAnOuterHandlerStays(t *testing.T) {
	f, _ := startResponding(t, answer("HTTP/1.1 200 OK\nVary: Origin\nServer: a", "x"), setup{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Cookie")
		w.Header().Set("X-Outer", "1")
		f.proxy.ServeHTTP(w, r)
	}))
	defer server.Close()
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for name, want := range map[string][]string{"Vary": {"Cookie", "Origin"}, "X-Outer": {"1"}, "Server": {"a"}} {
		if got := res.Header[name]; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
