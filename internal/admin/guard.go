package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/console"
	"github.com/tokengraft/tokengraft/internal/loglimit"
)

// A guard decides what peers may do.
type guard struct {
	token    func() string
	offer    func() Offer
	sessions *sessions
	logger   *slog.Logger
	refused  loglimit.Counter // sign-ins, for the log
	// crossOrigin refuses what pages of other sites send with the cookie of a session.
	crossOrigin http.CrossOriginProtection
}

// changeTimeout bounds the answer to a change. A deployment waits for the servers of the new
// configuration, longer than the listener gives other requests.
const changeTimeout = time.Minute

// refusal is what peers read that may not read anything else.
const refusal = "forbidden; send admin_token as a bearer token, or connect from loopback"

// protect allows health and metrics for every peer, and everything else only for loopback
// peers, and for requests with the token or a session. Others get 403 for every path, so
// that they do not learn which paths exist, and a person gets the form to sign in.
func (g *guard) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer := g.peerOf(r)
		if peer.Writes && r.Method == http.MethodPost {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(changeTimeout))
		}
		switch {
		case peer.Reads || isHealth(r.URL.Path) || isSignIn(r):
			next.ServeHTTP(w, r.WithContext(adminapi.WithPeer(r.Context(), peer)))
		case wantsPage(r) && !g.offer().Off:
			console.SignIn(w, r, g.token() != "", false)
		case strings.HasPrefix(r.URL.Path, "/api/"):
			writeProblem(w, forbidden(refusal))
		default:
			writeJSON(w, http.StatusForbidden, status{refusal})
		}
	})
}

// peerOf returns who sends a request. The admin token and a session allow everything. A
// loopback peer may read, unless a page of another site sends the request, or a proxy
// forwards it for someone else.
func (g *guard) peerOf(r *http.Request) adminapi.Peer {
	peer := adminapi.Peer{Address: r.RemoteAddr}
	peer.Writes = hasToken(r, g.token()) || g.hasSession(r)
	peer.Reads = peer.Writes || isLoopback(r.RemoteAddr) && !isForeignPage(r) && !isForwarded(r)
	return peer
}

// hasToken reports whether a request has the admin token. An empty token allows nothing.
func hasToken(r *http.Request, secret string) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && sameSecret(secret, strings.TrimSpace(token))
}

// sameSecret compares a secret with what a peer has sent. It takes the same time for every
// text, and hashes both so that the comparison does not reveal the length either.
func sameSecret(secret, sent string) bool {
	want, got := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(sent))
	return secret != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// hasSession reports whether a request has the cookie of a session, and comes from a page of
// the console and not from another site.
func (g *guard) hasSession(r *http.Request) bool {
	cookie, err := r.Cookie(sessionCookie)
	return err == nil && !g.offer().Off && g.sessions.has(cookie.Value) && g.crossOrigin.Check(r) == nil
}

func isHealth(path string) bool { return path == "/livez" || path == "/readyz" || path == "/metrics" }

// isSignIn reports whether a request is needed to sign in: the form's, and the style of its
// page.
func isSignIn(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Path == "/session" ||
		isGet(r) && strings.HasPrefix(r.URL.Path, "/assets/")
}

func isGet(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// wantsPage reports whether a browser asks for a page to show to a person.
func wantsPage(r *http.Request) bool {
	return isGet(r) && !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html")
}

func isLoopback(peer string) bool {
	addrPort, err := netip.ParseAddrPort(peer)
	return err == nil && addrPort.Addr().Unmap().IsLoopback()
}

// forwardingFields are header fields with which proxies say for whom they send a request.
var forwardingFields = []string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"}

// isForwarded reports whether a proxy sends the request for a peer of its own. The address
// of the proxy then says nothing about the peer.
func isForwarded(r *http.Request) bool {
	for _, name := range forwardingFields {
		if _, ok := r.Header[name]; ok {
			return true
		}
	}
	return false
}

// isForeignPage reports whether a page of another site, in a browser, sends the request. The
// request then has another Origin or says that it comes from another site, or its Host is a
// name: a page of another site can use a name to pretend to have the same origin (DNS
// rebinding).
func isForeignPage(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.Trim(r.Host, "[]")
	}
	_, notAddress := netip.ParseAddr(host)
	named := notAddress != nil && host != "" && !strings.EqualFold(host, "localhost")
	// A page of another site can ask for an image or a script, without an Origin.
	site := r.Header.Get("Sec-Fetch-Site")
	return named || !isOwnOrigin(r) || site == "cross-site" || site == "same-site"
}

// isOwnOrigin reports whether the Origin of a request, if it has one, is that of the
// console.
func isOwnOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	_, host, _ := strings.Cut(origin, "://")
	return origin == "" || host != "" && strings.EqualFold(host, r.Host)
}
