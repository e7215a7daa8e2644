package owner

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/reply"
	"github.com/tokengraft/tokengraft/internal/userapi"
)

// The problems of this endpoint. Details that depend on the request are added.
var (
	methodNotAllowed = reply.Problem{Type: "urn:tokengraft:method-not-allowed", Title: "Method not allowed", Status: http.StatusMethodNotAllowed, Detail: "The header Allow has the methods of this path."}
	noDocument       = reply.Problem{Type: "urn:tokengraft:document-missing", Title: "No document", Status: http.StatusNotFound, Detail: "The user has no document."}
	unavailable      = reply.Problem{Type: "urn:tokengraft:documents-unavailable", Title: "Documents not available", Status: http.StatusServiceUnavailable, Detail: "The document cannot be read or written at the moment. Try again in a few seconds."}
	mediaType        = reply.Problem{Type: "urn:tokengraft:media-type-unsupported", Title: "Content type not supported", Status: http.StatusUnsupportedMediaType, Detail: "Use application/merge-patch+json or application/json-patch+json for PATCH and application/json for PUT, in UTF-8 and without a Content-Encoding."}
	malformed        = reply.Problem{Type: "urn:tokengraft:document-malformed", Title: "Body not valid", Status: http.StatusBadRequest}
	conflict         = reply.Problem{Type: "urn:tokengraft:document-conflict", Title: "Patch does not fit", Status: http.StatusConflict}
	precondition     = reply.Problem{Type: "urn:tokengraft:document-changed", Title: "Document has changed", Status: http.StatusPreconditionFailed, Detail: "The document has changed since it was read. Read it again."}
	tooLarge         = reply.Problem{Type: "urn:tokengraft:document-too-large", Title: "Document too large", Status: http.StatusRequestEntityTooLarge}
	forbiddenPaths   = reply.Problem{Type: "urn:tokengraft:paths-forbidden", Title: "Paths cannot be written", Status: http.StatusForbidden}
	notValid         = reply.Problem{Type: "urn:tokengraft:document-invalid", Title: "Document not valid", Status: http.StatusUnprocessableEntity}
)

// Problems are all problems that only this package declares.
var Problems = []reply.Problem{noDocument, mediaType, malformed, conflict, precondition, tooLarge, forbiddenPaths, notValid}

func with(p reply.Problem, detail string) reply.Problem {
	p.Detail = detail
	return p
}

// refuse answers with a problem of the request.
func (h *Handler) refuse(w http.ResponseWriter, p reply.Problem) userapi.Result {
	userapi.WriteProblem(w, p)
	switch p.Status {
	case http.StatusForbidden:
		return userapi.Refused
	case http.StatusServiceUnavailable:
		return userapi.Failed
	}
	return userapi.Invalid
}

func (h *Handler) unavailable(w http.ResponseWriter) userapi.Result {
	w.Header().Set("Retry-After", "1")
	return h.refuse(w, unavailable)
}

// failed answers a request after the source failed.
func (h *Handler) failed(w http.ResponseWriter, r *http.Request, err error) userapi.Result {
	if r.Context().Err() == nil {
		h.o.Logger.WarnContext(r.Context(), "a user's document cannot be read or written at access.path", "error", err, "undecodable", errors.Is(err, enrich.ErrUndecodable))
	}
	return h.unavailable(w)
}

// document answers with a document.
func (h *Handler) document(w http.ResponseWriter, document []byte) {
	h.header(w, etagOf(document))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(document)))
	w.WriteHeader(http.StatusOK)
	w.Write(document)
}

// header sets the header of a response with a document. Only the client's own cache may
// keep it, and has to ask each time.
func (h *Handler) header(w http.ResponseWriter, etag string) {
	w.Header().Set("ETag", etag)
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Add("Vary", "Authorization")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if h.o.Collection != nil {
		w.Header().Set("Accept-Patch", acceptPatch)
	}
}

// etagOf returns the strong entity tag of a representation.
func etagOf(document []byte) string {
	sum := sha256.Sum256(document)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// How entity tags are compared (RFC 9110, section 8.8.3.2).
const (
	strong = false
	weak   = true
)

// matches reports whether a condition names an entity tag, or is *.
func matches(condition []string, etag string, weakly bool) bool {
	for tag := range strings.SplitSeq(strings.Join(condition, ","), ",") {
		tag = strings.TrimSpace(tag)
		if weakly {
			tag = strings.TrimPrefix(tag, "W/")
		}
		if slices.Contains([]string{"*", etag}, tag) {
			return true
		}
	}
	return false
}
