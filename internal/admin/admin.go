// Package admin is the admin listener: health, metrics, the cache, users, the log level, and
// the console with its API. Every peer can read health and metrics. Everything else requires
// a loopback peer or the admin token, and what the console changes always requires the token.
package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/console"
)

// Options are the parts that the admin listener serves. Those of the console are optional.
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
	// The console and its API, in /api. A nil part answers 404.
	Monitor       adminapi.Monitor
	Keys          adminapi.KeyManager
	Users         adminapi.Users
	Configuration adminapi.Configurator
	// Offer says what the console and its API offer. Nil offers everything.
	Offer func() Offer
	// Logger gets a line for each sign-in to the console. Nil discards it.
	Logger *slog.Logger
}

// An Offer is what the console and its API offer.
type Offer struct {
	// Off removes both.
	Off bool
	// ReadOnly says why nothing can be changed through them, or "".
	ReadOnly string
}

// New returns the handler of the admin listener.
func New(o Options) http.Handler {
	o = o.withDefaults().permitted()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, status{"alive"}) })
	mux.Handle("GET /readyz", o.Readiness)
	mux.Handle("GET /metrics", o.Metrics)
	mux.HandleFunc("GET /cache", o.figures)
	mux.HandleFunc("DELETE /cache", o.evictAll)
	mux.HandleFunc("DELETE /cache/{user_id}", o.evict)
	mux.Handle("GET /explain/{user_id}", newExplainer(o))
	mux.HandleFunc("PUT /loglevel", o.setLevel)
	g := &guard{token: o.Token, offer: o.Offer, sessions: newSessions(o.Token), logger: o.Logger}
	o.routeConsole(mux, g)
	return g.protect(mux)
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Offer == nil {
		o.Offer = func() Offer { return Offer{} }
	}
	return o
}

// routeConsole adds the pages, the API, and how people sign in.
func (o Options) routeConsole(mux *http.ServeMux, g *guard) {
	unless := func(off http.HandlerFunc, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if o.Offer().Off {
				off(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	unlessOff := func(next http.Handler) http.Handler { return unless(http.NotFound, next) }
	mux.Handle("/api/", unless(notFound, newAPI(o)))
	if o.Monitor == nil {
		return
	}
	mux.Handle("/", unlessOff(console.New(console.Options{
		Monitor: o.Monitor, Keys: o.Keys, Users: o.Users, Configuration: o.Configuration,
		HasToken: func() bool { return o.Token() != "" },
		ReadOnly: func() string { return o.Offer().ReadOnly },
	})))
	mux.Handle("POST /session", unlessOff(http.HandlerFunc(g.signIn)))
	mux.Handle("POST /session/end", unlessOff(http.HandlerFunc(g.signOut)))
}

// status is the response to a request without other content.
type status struct {
	Status string `json:"status"`
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
