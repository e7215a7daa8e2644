// Package owner lets users read and write their own document over HTTP (access.mode).
package owner

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/userapi"
)

// A Collection is where documents are written.
type Collection interface {
	// Own returns the user's document, with what the projection hides: BSON.
	Own(ctx context.Context, user enrich.User) (doc []byte, err error)
	// Replace writes the difference of two documents if the document is still old.
	Replace(ctx context.Context, old, new []byte) (changed bool, err error)
	// Tags returns what an [enrich.Invalidator] needs to evict a document.
	Tags(doc []byte) []string
}

// Options make a Handler. Only Collection and Schema may be nil.
type Options struct {
	// Authenticate returns who sends a bearer token. See [enrich.Enricher.Authenticate].
	Authenticate func(ctx context.Context, token string) (enrich.Session, error)
	// Source has the documents as users see them.
	Source enrich.Source
	// Failing reports whether the source fails, so that no request should wait for it.
	Failing func() bool
	// Collection writes. Nil means that users only read.
	Collection Collection
	// Mapping is that of the collection, with what users see.
	Mapping bsonjson.Mapping
	// Rules say which paths users may write.
	Rules Rules
	// Schema is what a document must match after a write. Nil means any.
	Schema *Schema
	// MaxSize is the size of the largest document after a write, as JSON, in bytes.
	MaxSize int
	// Cache learns which documents have changed.
	Cache enrich.Invalidator
	// Origins are those of web pages that may send requests: see [userapi.CORS].
	Origins []string
	Limiter *userapi.Limiter
	Metrics *userapi.Metrics
	Logger  *slog.Logger
}

// New returns the handler of the path at which users read and write their document.
func New(o Options) *Handler {
	methods := []string{http.MethodGet, http.MethodHead}
	if o.Collection != nil {
		methods = append(methods, http.MethodPatch, http.MethodPut)
	}
	return &Handler{o, userapi.CORS{Origins: o.Origins, Methods: methods, Headers: []string{"Authorization", "Content-Type", "If-Match", "If-None-Match"}}}
}

// MaxBody returns the size of the largest body of a request, in bytes, if the largest
// document has this size. A patch may be larger than the document, and so may its escapes.
func MaxBody(maxSize int) int64 { return 4*int64(maxSize) + 4<<10 }

// A Handler answers the requests of users for their own document. It is an [http.Handler]
// for one path.
type Handler struct {
	o    Options
	cors userapi.CORS
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.cors.Answer(w, r) {
		return
	}
	h.o.Metrics.Count(r.Context(), userapi.CustomData, h.serve(w, r))
}

// Refuse counts a request that the proxy refuses before the Handler gets it, and adds what
// web pages need to read the answer. It reports whether it has answered.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, status int, _ string) (answered bool) {
	if h.cors.Answer(w, r) {
		return true
	}
	h.o.Metrics.Count(r.Context(), userapi.CustomData, userapi.RefusedWith(status))
	return false
}

// serve answers a request and returns what became of it.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request) userapi.Result {
	writes := r.Method == http.MethodPatch || r.Method == http.MethodPut
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !(writes && h.o.Collection != nil) {
		w.Header().Set("Allow", h.allow())
		return h.refuse(w, methodNotAllowed)
	}
	user, result := h.user(w, r)
	switch {
	case result != userapi.OK:
		return result
	case h.o.Failing():
		return h.unavailable(w)
	case writes:
		return h.write(w, r, user)
	}
	return h.read(w, r, user)
}

func (h *Handler) allow() string {
	if h.o.Collection == nil {
		return "GET, HEAD, OPTIONS"
	}
	return "GET, HEAD, PATCH, PUT, OPTIONS"
}

// user returns who sends a request. If the result is not OK, it has answered.
func (h *Handler) user(w http.ResponseWriter, r *http.Request) (enrich.User, userapi.Result) {
	token, ok := userapi.Bearer(r)
	if !ok {
		userapi.WriteInvalidToken(w, r)
		return enrich.User{}, userapi.Refused
	}
	session, err := h.o.Authenticate(r.Context(), token)
	switch {
	case enrich.IsInvalid(err):
		userapi.WriteInvalidToken(w, r)
		return enrich.User{}, userapi.Refused
	case err != nil:
		h.o.Logger.WarnContext(r.Context(), "a token at access.path cannot be verified", "error", err)
		userapi.WriteKeysUnavailable(w)
		return enrich.User{}, userapi.Failed
	}
	if wait, ok := h.o.Limiter.Allow(session.User); !ok {
		userapi.WriteRateLimited(w, wait)
		return enrich.User{}, userapi.Limited
	}
	return session.User, userapi.OK
}

// read answers GET and HEAD.
func (h *Handler) read(w http.ResponseWriter, r *http.Request, user enrich.User) userapi.Result {
	doc, err := h.o.Source.Lookup(r.Context(), enrich.Query{User: user, NotBefore: time.Now()})
	switch {
	case errors.Is(err, enrich.ErrNoDocument):
		return h.refuse(w, noDocument)
	case err != nil:
		return h.failed(w, r, err)
	}
	etag := etagOf(doc.JSON)
	if matches(r.Header.Values("If-None-Match"), etag, weak) {
		h.header(w, etag)
		w.WriteHeader(http.StatusNotModified)
		return userapi.OK
	}
	h.document(w, doc.JSON)
	return userapi.OK
}
