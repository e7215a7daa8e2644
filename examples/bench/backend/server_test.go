package main

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
	"github.com/tokengraft/tokengraft/examples/bench/internal/http1"
	"github.com/tokengraft/tokengraft/examples/bench/internal/load"
)

func TestAnswer_LoginsAndSizes(t *testing.T) {
	key, err := fixture.NewKey("backend", "HS256")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{}
	if s.logins, err = logins(key, 10, 100); err != nil {
		t.Fatal(err)
	}
	for user := range 10 {
		form := fmt.Sprintf("grant_type=password&username=u%d&password=x", user)
		answer := s.answer(&http1.Message{Start: []byte("POST /oauth/token HTTP/1.1"), Body: []byte(form)})
		_, body, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
		if err := load.Untouched(key)(user, body); err != nil || !bytes.Contains(body, bytes.Repeat([]byte("x"), 100)) {
			t.Errorf("user %d: %v: %s", user, err, answer)
		}
	}
	for target, want := range map[string]int{"/bytes/11": 11, "/bytes/1024": 1024, "/bytes/65536": 65536} {
		for range 2 { // the second time from memory
			answer := s.answer(&http1.Message{Start: []byte("GET " + target + " HTTP/1.1")})
			if _, body, _ := bytes.Cut(answer, []byte("\r\n\r\n")); len(body) != want {
				t.Errorf("%s: %d bytes", target, len(body))
			}
		}
	}
	for _, line := range []string{"GET / HTTP/1.1", "GET /bytes/x HTTP/1.1", "GET /bytes/3 HTTP/1.1", "GET /bytes/99999999 HTTP/1.1", "POST /oauth/token HTTP/1.1"} {
		answer := s.answer(&http1.Message{Start: []byte(line), Body: []byte("username=u10")})
		if !bytes.HasPrefix(answer, []byte("HTTP/1.1 404 ")) {
			t.Errorf("%s: %.60s, want 404", line, answer)
		}
	}
}
