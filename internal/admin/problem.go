package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

func invalid(detail string) *adminapi.Problem {
	return &adminapi.Problem{Type: adminapi.InvalidType, Title: "The request is not valid", Status: http.StatusBadRequest, Detail: detail}
}

func forbidden(detail string) *adminapi.Problem {
	return &adminapi.Problem{Type: adminapi.ForbiddenType, Title: "Forbidden", Status: http.StatusForbidden, Detail: detail}
}

func readOnlyProblem(why string) *adminapi.Problem {
	return &adminapi.Problem{Type: adminapi.ReadOnlyType, Title: "Read-only", Status: http.StatusForbidden, Detail: why}
}

// answer writes a value as JSON, or why there is none.
func answer(w http.ResponseWriter, value any, err error) {
	if err != nil {
		writeProblem(w, err)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	writeJSON(w, http.StatusOK, value)
}

// writeProblem writes an error (RFC 9457). Errors that are no [adminapi.Problem] are of
// servers that do not answer.
func writeProblem(w http.ResponseWriter, err error) {
	problem, ok := errors.AsType[*adminapi.Problem](err)
	if !ok {
		problem = &adminapi.Problem{Type: adminapi.UnavailableType, Title: "Not available", Status: http.StatusServiceUnavailable, Detail: err.Error()}
	}
	header := w.Header()
	if problem.Status == http.StatusServiceUnavailable {
		header.Set("Retry-After", "1")
	}
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(problem.Status)
	var text bytes.Buffer
	_ = json.NewEncoder(&text).Encode(problem) // a struct of texts
	_, _ = w.Write(quoted(text.Bytes()))
}

// withProblems makes the answers 404 and 405 of a mux problems.
func withProblems(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		if allowed := allowedMethods(mux, r); len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			writeProblem(w, &adminapi.Problem{Type: adminapi.InvalidType, Title: "Method not allowed", Status: http.StatusMethodNotAllowed, Detail: "send " + strings.Join(allowed, " or ")})
			return
		}
		notFound(w, r)
	})
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	writeProblem(w, &adminapi.Problem{Type: adminapi.InvalidType, Title: "Not found", Status: http.StatusNotFound, Detail: "the listener has nothing at this path, or the setting console is off; docs/admin-api.md lists the endpoints"})
}

// allowedMethods returns the methods that a path has.
func allowedMethods(mux *http.ServeMux, r *http.Request) (methods []string) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); pattern != "" {
			methods = append(methods, method)
		}
	}
	return methods
}
