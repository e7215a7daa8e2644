package proxy_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/certs/certstest"
	"github.com/tokengraft/tokengraft/proxy"
)

func TestTLS_FailureNamesTheSettingToChange(t *testing.T) {
	a := certstest.New(t)
	client := a.Pair(t, "client", "sidecar")
	backend := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	backend.TLS = &tls.Config{
		Certificates: []tls.Certificate{a.Pair(t, "backend", "backend.test")},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: a.Pool,
	}
	backend.StartTLS()
	defer backend.Close()
	address, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	clientCert := []tls.Certificate{client}
	for _, c := range []struct {
		name   string
		tls    *tls.Config
		status int
		advice string
	}{
		{"valid", &tls.Config{RootCAs: a.Pool, Certificates: clientCert, ServerName: "backend.test"}, http.StatusOK, ""},
		{"unknown authority", &tls.Config{Certificates: clientCert, ServerName: "backend.test"}, http.StatusBadGateway, "backend_tls.ca_file"},
		{"no settings", nil, http.StatusBadGateway, "backend_tls.server_name"},
		{"wrong name", &tls.Config{RootCAs: a.Pool, Certificates: clientCert}, http.StatusBadGateway, "backend_tls.server_name"},
		{"no client certificate", &tls.Config{RootCAs: a.Pool, ServerName: "backend.test"}, http.StatusBadGateway, "backend_tls.cert_file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := start(t, address, setup{options: func(o *proxy.Options) { o.TLS = c.tls }})
			response, err := http.Get(f.URL + "/")
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != c.status {
				t.Errorf("GET / = %s, want %d", response.Status, c.status)
			}
			if log := f.log.String(); strings.Contains(log, `"advice"`) != (c.advice != "") || !strings.Contains(log, c.advice) {
				t.Errorf("log:\n%s\nwant an advice that contains %q, and none if that is empty", log, c.advice)
			}
		})
	}
}
