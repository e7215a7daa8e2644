// Package console is the web page of the admin listener, at /: HTML that is made here, and a
// little JavaScript that keeps it current. All pages are at one level and all links are
// relative, so the console works behind a path prefix. Every page says the essentials
// without JavaScript.
package console

import (
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

// Options are the parts that the page shows. Monitor and HasToken are required. There are no
// pages for other parts that are nil.
type Options struct {
	Monitor       adminapi.Monitor
	Keys          adminapi.KeyManager
	Users         adminapi.Users
	Configuration adminapi.Configurator
	// HasToken reports whether an admin token is configured. Without one the page is
	// read-only.
	HasToken func() bool
	// ReadOnly says why no peer may change anything here, or "". Nil is "".
	ReadOnly func() string
}

// New returns the handler of the pages. The context of a request has its peer, see
// [adminapi.WithPeer]. Only POST changes something. The caller refuses requests of other
// sites, see [http.CrossOriginProtection].
func New(o Options) http.Handler {
	c := &console{Options: o, results: newResults()}
	mux := http.NewServeMux()
	add := func(path string, show func(*request) *page) { mux.HandleFunc(path, c.handle(show)) }
	add("GET /{$}", c.overview)
	add("GET /rules", c.rules)
	add("GET /freshness", c.freshness)
	add("GET /sign-in", c.signIn)
	if o.Keys != nil {
		add("GET /keys", c.keys)
		add("POST /keys", c.changeKeys)
	}
	if o.Users != nil {
		add("GET /users", c.users)
		add("POST /users", c.user)
		add("GET /tokens", c.tokens)
		add("POST /tokens", c.token)
	}
	if o.Configuration != nil {
		add("GET /data", c.data)
		add("POST /data", c.changeData)
	}
	mux.HandleFunc("GET /assets/{name}", serveAsset)
	add("GET /", notFound)
	return mux
}

type console struct {
	Options
	results *results
}

// A request is one request for a page, with what all pages ask of it.
type request struct {
	*http.Request
	peer adminapi.Peer
	now  time.Time
}

// longestForm is the largest body of a form. A whole configuration must fit.
const longestForm = 1 << 20

func (c *console) handle(show func(*request) *page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, longestForm)
		q := &request{Request: r, peer: adminapi.PeerOf(r.Context()), now: time.Now()}
		if err := r.ParseForm(); err != nil {
			c.write(w, q, refusal(http.StatusBadRequest, "The form cannot be read", "It is too large, or not a form. Go back and try again."))
			return
		}
		c.write(w, q, show(q))
	}
}

// write sends a page, or the redirect to it.
func (c *console) write(w http.ResponseWriter, q *request, p *page) {
	if p.redirect != "" {
		// Not http.Redirect, which makes the address absolute without the path prefix.
		setHeaders(w.Header())
		w.Header().Set("Location", p.redirect)
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	render(w, p.status, document(p, c.frameOf(q, p)))
}

// setHeaders forbids everything that the pages do not need. Pages are never kept, because
// they can have what one person asked for.
func setHeaders(header http.Header) {
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
}

func render(w http.ResponseWriter, status int, node h.Node) {
	setHeaders(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(max(status, http.StatusOK))
	_ = node.Render(w) // the peer is gone
}
