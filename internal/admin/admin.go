// Package admin is the admin listener: health, metrics, the cache, users and the log level.
// Every peer can read health and metrics. Everything else requires a loopback peer or
// the admin token.
package admin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
)

// Options are the parts that the admin listener serves. All are required.
type Options struct {
	// Token returns the bearer token that peers other than loopback must send. If it is
	// empty, such peers are refused. Token is called for every request.
	Token func() string
	// Metrics answers GET /metrics.
	Metrics http.Handler
	// Cache is emptied by DELETE /cache.
	Cache enrich.Invalidator
	// Figures returns the response of GET /cache, which is encoded as JSON.
	Figures func() any
	// Explain returns the response of GET /explain/{user_id}, which is encoded as JSON. The
	// error is shown to the peer.
	Explain func(context.Context, ExplainQuery) (any, error)
	// Readiness answers GET /readyz.
	Readiness *Readiness
	// Level is set by PUT /loglevel.
	Level *slog.LevelVar
}

// New returns the handler of the admin listener.
func New(o Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, status{"alive"}) })
	mux.Handle("GET /readyz", o.Readiness)
	mux.Handle("GET /metrics", o.Metrics)
	mux.HandleFunc("GET /cache", o.figures)
	mux.HandleFunc("DELETE /cache", o.evictAll)
	mux.HandleFunc("DELETE /cache/{user_id}", o.evict)
	mux.Handle("GET /explain/{user_id}", newExplainer(o))
	mux.HandleFunc("PUT /loglevel", o.setLevel)
	return o.guard(mux)
}

// status is the response to a request without other content.
type status struct {
	Status string `json:"status"`
}

// guard allows health and metrics for every peer, and everything else only for
// loopback peers and requests with the token. Others get 403 for every path, so that
// they do not learn which paths exist. A browser on this machine is a loopback peer
// too, but it may show a page of another site, so requests of pages are not trusted.
func (o Options) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		local := isLoopback(r.RemoteAddr) && !isPage(r)
		if !o.authorized(r) && !local && !isHealth(r.URL.Path) {
			writeJSON(w, http.StatusForbidden, status{"forbidden; send admin_token as a bearer token, or connect from loopback"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// authorized reports whether a request has the token.
func (o Options) authorized(r *http.Request) bool {
	secret := o.Token()
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	// Hashed, so that the comparison does not reveal the length either.
	want, got := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(strings.TrimSpace(token)))
	return secret != "" && strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

func isHealth(path string) bool { return path == "/livez" || path == "/readyz" || path == "/metrics" }

func isLoopback(peer string) bool {
	addrPort, err := netip.ParseAddrPort(peer)
	return err == nil && addrPort.Addr().Unmap().IsLoopback()
}

// isPage reports whether a page in a browser sends the request. The request then has
// an Origin or says that it comes from another site, or its Host is a name: a page of
// another site can use a name to pretend to have the same origin (DNS rebinding).
func isPage(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.Trim(r.Host, "[]")
	}
	_, notAddress := netip.ParseAddr(host)
	named := notAddress != nil && host != "" && !strings.EqualFold(host, "localhost")
	// A page of another site can ask for an image or a script, without an Origin.
	site := r.Header.Get("Sec-Fetch-Site")
	return named || r.Header.Get("Origin") != "" || site == "cross-site" || site == "same-site"
}

func (o Options) figures(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, o.Figures())
}

// evict removes one user from the cache of this replica. Other replicas do not notice.
func (o Options) evict(w http.ResponseWriter, r *http.Request) {
	o.Cache.Invalidate(r.PathValue("user_id"))
	w.WriteHeader(http.StatusNoContent)
}

func (o Options) evictAll(w http.ResponseWriter, _ *http.Request) {
	o.Cache.InvalidateAll()
	w.WriteHeader(http.StatusNoContent)
}

// levels are the words for log levels, which LOG_LEVEL accepts too.
var levels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

func (o Options) setLevel(w http.ResponseWriter, r *http.Request) {
	const longest = 16
	body, err := io.ReadAll(io.LimitReader(r.Body, longest))
	word := strings.ToLower(strings.TrimSpace(string(body)))
	level, known := levels[word]
	if err != nil || !known {
		writeJSON(w, http.StatusBadRequest, status{"unknown level; send debug, info, warn or error as the body"})
		return
	}
	o.Level.Set(level)
	writeJSON(w, http.StatusOK, status{"the log level is " + word})
}

func writeJSON(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	var text bytes.Buffer
	json.NewEncoder(&text).Encode(value)
	w.Write(quoted(text.Bytes()))
}
