package proxy_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// captures is the folder of the captures. Its README describes them.
const captures = "testdata/captures"

// A capture is a recorded exchange with a real backend, byte for byte.
type capture struct{ name, request, response string }

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(captures, pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("found no captures %s, error %v", pattern, err)
	}
	return paths
}

func readCapture(t *testing.T, path string) capture {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	request, response, ok := strings.Cut(string(text), "\n### RESPONSE (raw, framing kept)\n")
	request, begins := strings.CutPrefix(request, "### REQUEST\n")
	if !ok || !begins {
		t.Fatalf("%s is not a capture: it needs a line ### REQUEST and a line ### RESPONSE (raw, framing kept)", path)
	}
	name, err := filepath.Rel(captures, path)
	if err != nil {
		t.Fatal(err)
	}
	return capture{filepath.ToSlash(name), request, response}
}

// readRequest parses the text of a request. body is without chunk sizes.
func readRequest(t *testing.T, text string) (request *http.Request, body string) {
	t.Helper()
	request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	return request, readAll(t, request.Body)
}

// readResponse parses the response. body is without chunk sizes.
func (c capture) readResponse(t *testing.T) (res *http.Response, body string) {
	t.Helper()
	method, _, _ := strings.Cut(c.request, " ")
	res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(c.response)), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	return res, readAll(t, res.Body)
}

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
