package owner

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/jsonvalue"
	"github.com/tokengraft/tokengraft/internal/reply"
	"github.com/tokengraft/tokengraft/internal/userapi"
)

// maxAttempts is how often a change is applied to a document that others change at the same
// time.
const maxAttempts = 5

// write answers PATCH and PUT.
func (h *Handler) write(w http.ResponseWriter, r *http.Request, user enrich.User) userapi.Result {
	do, problem, ok := readChange(r, h.o.MaxSize)
	if !ok {
		if problem.Status == http.StatusUnsupportedMediaType {
			w.Header().Set("Accept-Patch", acceptPatch)
		}
		return h.refuse(w, problem)
	}
	for range maxAttempts {
		old, err := h.o.Collection.Own(r.Context(), user)
		if errors.Is(err, enrich.ErrNoDocument) {
			return h.refuse(w, noDocument)
		}
		if err != nil {
			return h.failed(w, r, err)
		}
		revised, document, problem, err := h.revise(r, old, do)
		switch {
		case err != nil:
			return h.failed(w, r, err)
		case problem.Status != 0:
			return h.refuse(w, problem)
		}
		changed, err := h.replace(r.Context(), old, revised)
		switch {
		case errors.Is(err, enrich.ErrNoDocument), errors.Is(err, bsonjson.ErrName):
			return h.refuse(w, with(notValid, "The database does not accept the document."))
		case err != nil:
			return h.failed(w, r, err)
		case changed:
			h.document(w, document)
			return userapi.OK
		}
	}
	return h.unavailable(w)
}

// revise applies a change to a document, and returns the new one with its representation.
// If the problem has a status, it is the answer.
func (h *Handler) revise(r *http.Request, old []byte, do change) (revised, document []byte, problem reply.Problem, err error) {
	before, err := h.o.Mapping.Document(old)
	if err != nil {
		return nil, nil, problem, err
	}
	if !isExpected(r.Header, etagOf(before.JSON)) {
		return nil, nil, precondition, nil
	}
	shown, err := jsonvalue.Parse(before.JSON)
	if err != nil {
		return nil, nil, with(notValid, "The document cannot be written: "+err.Error()+"."), nil
	}
	wanted, err := do(shown)
	if err != nil {
		return nil, nil, problemOf(err), nil
	}
	if wanted.Kind() != jsonvalue.Object {
		return nil, nil, with(notValid, "The document must be a JSON object."), nil
	}
	revised, edits, err := h.o.Mapping.Revise(old, shown, wanted)
	if err != nil {
		return nil, nil, problem, err
	}
	if refusals := h.o.Rules.refusals(edits); refusals != "" {
		return nil, nil, with(forbiddenPaths, "These paths cannot be written: "+refusals+"."), nil
	}
	after, err := h.o.Mapping.Document(revised)
	if err != nil {
		return nil, nil, problem, err
	}
	return revised, after.JSON, h.checkResult(after.JSON), nil
}

// checkResult returns the problem of a document after a change.
func (h *Handler) checkResult(document []byte) reply.Problem {
	if len(document) > h.o.MaxSize {
		return with(tooLarge, fmt.Sprintf("The document would have %d bytes; at most %d are allowed.", len(document), h.o.MaxSize))
	}
	if h.o.Schema != nil {
		if places := h.o.Schema.faults(document); places != "" {
			return with(notValid, "The document does not match the schema: "+places+".")
		}
	}
	return reply.Problem{}
}

// replace writes a document, and evicts it from the cache even if the outcome is unknown.
func (h *Handler) replace(ctx context.Context, old, revised []byte) (changed bool, err error) {
	changed, err = h.o.Collection.Replace(ctx, old, revised)
	if changed || err != nil {
		h.o.Cache.Invalidate(append(h.o.Collection.Tags(old), h.o.Collection.Tags(revised)...)...)
	}
	return changed, err
}

// isExpected reports whether the conditions of a write are true for a document that exists
// (RFC 9110, section 13.2.2).
func isExpected(h http.Header, etag string) bool {
	if condition := h.Values("If-Match"); len(condition) > 0 && !matches(condition, etag, strong) {
		return false
	}
	return !matches(h.Values("If-None-Match"), etag, weak)
}
