// Package admin is the admin listener: health, metrics, the cache, the log
// level. What changes something, and what shows more than health, is for
// loopback peers and holders of the admin token.
package admin

import (
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

// Options are what the admin listener serves. All are required.
type Options struct {
	// Token returns what peers that are not loopback must show. Empty refuses
	// them. It is called for every request.
	Token func() string
	// Metrics answers GET /metrics.
	Metrics http.Handler
	// Cache is what DELETE /cache acts on.
	Cache enrich.Invalidator
	// Figures returns what GET /cache shows, as JSON.
	Figures func() any
	// Readiness answers GET /readyz.
	Readiness *Readiness
	// Level is what PUT /loglevel sets.
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
	mux.HandleFunc("PUT /loglevel", o.setLevel)
	return o.guard(mux)
}

// status is the answer of a request that has no other.
type status struct {
	Status string `json:"status"`
}

// guard lets loopback peers and holders of the token through, and everybody to
// health and metrics. Of the rest others do not even learn what there is. A
// browser on this machine is a loopback peer, too, whatever page it shows: a page
// does not get further than the others.
func (o Options) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secret := o.Token()
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		// Hashed, so that the comparison tells nothing of the length either.
		want, got := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(strings.TrimSpace(token)))
		shown := secret != "" && strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
		local := isLoopback(r.RemoteAddr) && !isPage(r)
		if !shown && !local && !isHealth(r.URL.Path) {
			writeJSON(w, http.StatusForbidden, status{"forbidden: show the admin_token as a bearer token, or ask from loopback"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isHealth(path string) bool { return path == "/livez" || path == "/readyz" || path == "/metrics" }

func isLoopback(peer string) bool {
	addrPort, err := netip.ParseAddrPort(peer)
	return err == nil && addrPort.Addr().Unmap().IsLoopback()
}

// isPage reports whether a page in a browser makes the request: it says where
// it is from, or that it came by a name, which is how a page of another site
// calls itself the same origin (DNS rebinding).
func isPage(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.Trim(r.Host, "[]")
	}
	_, notAddress := netip.ParseAddr(host)
	named := notAddress != nil && host != "" && !strings.EqualFold(host, "localhost")
	return named || r.Header.Get("Origin") != ""
}

func (o Options) figures(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, o.Figures())
}

// evict evicts one user here; other replicas keep what they have.
func (o Options) evict(w http.ResponseWriter, r *http.Request) {
	o.Cache.Invalidate(r.PathValue("user_id"))
	w.WriteHeader(http.StatusNoContent)
}

func (o Options) evictAll(w http.ResponseWriter, _ *http.Request) {
	o.Cache.InvalidateAll()
	w.WriteHeader(http.StatusNoContent)
}

// levels are the words that LOG_LEVEL takes, too.
var levels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

func (o Options) setLevel(w http.ResponseWriter, r *http.Request) {
	const longest = 16
	body, err := io.ReadAll(io.LimitReader(r.Body, longest))
	word := strings.ToLower(strings.TrimSpace(string(body)))
	level, known := levels[word]
	if err != nil || !known {
		writeJSON(w, http.StatusBadRequest, status{"unknown level, want debug, info, warn or error as the body"})
		return
	}
	o.Level.Set(level)
	writeJSON(w, http.StatusOK, status{"log level " + word})
}

func writeJSON(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(value)
}
