package admin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// An ExplainQuery is a request for GET /explain/{user_id}.
type ExplainQuery struct {
	// UserID is the user, and Issuer their issuer, which may be empty.
	UserID, Issuer string
	// Values says that the response may have the values of the document.
	Values bool
	// Peer is the address that asks.
	Peer string
}

// A QueryError is an error of [Options].Explain that says what is missing in the query.
type QueryError struct{ Text string }

// Error implements error.
func (e *QueryError) Error() string { return e.Text }

// mostExplains limits how many users are explained at once, because each takes several
// queries.
const mostExplains = 2

// An explainer answers GET /explain/{user_id}.
type explainer struct {
	explain func(context.Context, ExplainQuery) (any, error)
	turns   chan struct{}
}

func newExplainer(o Options) *explainer {
	return &explainer{o.Explain, make(chan struct{}, mostExplains)}
}

// ServeHTTP answers 200 whether the user has a document or not, 400 to a query in which
// something is missing, and 503 if the source does not answer. Values of documents require
// the admin token, from loopback too: every program and every user of the machine can connect
// from there, and documents are personal data.
func (e *explainer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	values, err := strconv.ParseBool(query.Get("values"))
	switch {
	case query.Has("values") && err != nil:
		writeJSON(w, http.StatusBadRequest, status{"values must be true or false"})
		return
	case values && !adminapi.PeerOf(r.Context()).Writes:
		writeJSON(w, http.StatusForbidden, status{"forbidden; values of documents require admin_token as a bearer token, from loopback too"})
		return
	}
	select {
	case e.turns <- struct{}{}:
		defer func() { <-e.turns }()
	default:
		w.Header().Set("Retry-After", "1")
		writeJSON(w, http.StatusServiceUnavailable, status{"busy with other users; try again"})
		return
	}
	explained, err := e.explain(r.Context(), ExplainQuery{r.PathValue("user_id"), query.Get("issuer"), values, r.RemoteAddr})
	if _, ok := errors.AsType[*QueryError](err); ok {
		writeJSON(w, http.StatusBadRequest, status{err.Error()})
		return
	}
	if err != nil {
		writeJSON(w, http.StatusServiceUnavailable, status{err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, explained)
}

// quoted returns JSON as it is, but with an escape for each character that could control
// the terminal on which a person reads it. In JSON, such characters are only in strings.
func quoted(text []byte) []byte {
	unsafe := func(r rune) bool { return r > '~' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }
	if !bytes.ContainsFunc(text, unsafe) {
		return text
	}
	var safe []byte
	for _, r := range string(text) {
		if !unsafe(r) {
			safe = utf8.AppendRune(safe, r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			safe = fmt.Appendf(safe, `\u%04x`, unit)
		}
	}
	return safe
}
