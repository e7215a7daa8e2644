package exhaustion_test

import (
	"io"
	"net/http"
	"net/url"
	"testing"
)

// url returns the URL of a path of the public listener.
func (p *program) url(path string) string {
	if p.tls != nil {
		return "https://" + string(p.public) + path
	}
	return p.public.URL(path)
}

// newClient returns a client of the public listener with connections of its own.
func (p *program) newClient() *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: p.tls}}
}

// keys returns the merged JWKS.
func (p *program) keys(t *testing.T) []byte {
	response, err := p.newClient().Get(p.url("/.well-known/jwks.json"))
	return []byte(body(t, response, err))
}

// ask sends a form.
func (p *program) ask(t *testing.T, path string, form url.Values) string {
	response, err := p.newClient().PostForm(p.url(path), form)
	return body(t, response, err)
}

func body(t *testing.T, response *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
