package owner

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonvalue"
	"github.com/tokengraft/tokengraft/internal/reply"
)

// The content types of patches.
const (
	mergePatch  = "application/merge-patch+json"
	jsonPatch   = "application/json-patch+json"
	acceptPatch = mergePatch + ", " + jsonPatch
)

// A change makes the wanted document from the one that the client was shown.
type change func(shown jsonvalue.Value) (jsonvalue.Value, error)

// A form makes the wanted document from the one that the client was shown and the body of
// the request. The document never takes much more than maxSize bytes in between.
type form func(shown, body jsonvalue.Value, maxSize int) (jsonvalue.Value, error)

// forms has the forms by method and content type.
var forms = map[string]form{
	"PUT application/json":   whole,
	"PATCH application/json": merged,
	"PATCH " + mergePatch:    merged,
	"PATCH " + jsonPatch:     jsonvalue.Patch,
}

func whole(_, body jsonvalue.Value, _ int) (jsonvalue.Value, error) { return body, nil }

func merged(shown, body jsonvalue.Value, _ int) (jsonvalue.Value, error) {
	return jsonvalue.Merge(shown, body), nil
}

// readChange reads the body of a PATCH or a PUT. If ok is false, the problem is the answer.
func readChange(r *http.Request, maxSize int) (do change, problem reply.Problem, ok bool) {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := parameters["charset"]
	apply := forms[r.Method+" "+kind]
	if err != nil || apply == nil || charset != "" && !strings.EqualFold(charset, "utf-8") || r.Header.Get("Content-Encoding") != "" {
		return nil, mediaType, false
	}
	text, err := io.ReadAll(r.Body)
	if size := (*http.MaxBytesError)(nil); errors.As(err, &size) {
		return nil, with(tooLarge, "The body is too large."), false
	}
	if err != nil {
		return nil, with(malformed, "The body ended early."), false
	}
	body, err := jsonvalue.Parse(text)
	if err != nil {
		return nil, with(malformed, "The body is refused: "+err.Error()+"."), false
	}
	return func(shown jsonvalue.Value) (jsonvalue.Value, error) { return apply(shown, body, maxSize) }, problem, true
}

// problemOf returns the problem of a change that failed.
func problemOf(err error) reply.Problem {
	switch {
	case errors.Is(err, jsonvalue.ErrTest):
		return with(conflict, "The patch does not fit the document: "+err.Error()+".")
	case errors.Is(err, jsonvalue.ErrSize):
		return with(tooLarge, "The document becomes too large: "+err.Error()+".")
	}
	return with(malformed, "The patch is refused: "+err.Error()+".")
}
