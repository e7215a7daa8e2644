package data

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/appservices"
)

// The codes of errors, as SDKs know them.
const (
	codeNoRule    = "NoMatchingRuleFound"
	codeParameter = "InvalidParameter"
	codeMongoDB   = "MongoDBError"
	codeTime      = "ExecutionTimeLimitExceeded"
)

// refused is an error for the user.
func refused(status int, code, format string, args ...any) error {
	return &appservices.Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// invalid is an error of the arguments.
func invalid(format string, args ...any) error {
	return refused(http.StatusBadRequest, codeParameter, format, args...)
}

// denied is an error of a user who must not do what they asked for.
func denied(format string, args ...any) error {
	return refused(http.StatusForbidden, codeNoRule, format, args...)
}

func errNamespace(database, collection string) error {
	return denied("no rule exists for namespace '%s.%s'", database, collection)
}

var (
	errExpensive = refused(http.StatusBadRequest, codeMongoDB,
		"the query takes too many steps. Use fewer clauses and shorter lists")
	errExamined = refused(http.StatusBadRequest, codeMongoDB,
		"the query needs more than %d documents or %d MiB of them. Narrow the query, or set a limit", maxExamined, maxRead>>20)
	errAnswer = refused(http.StatusBadRequest, codeMongoDB,
		"the answer is larger than %d MiB. Narrow the query, or set a limit or a projection", maxAnswer>>20)
	errCalls    = refused(http.StatusBadRequest, codeMongoDB, "the rules call functions more than %d times for this query. Narrow the query", maxCalls)
	errConflict = refused(http.StatusConflict, codeMongoDB,
		"the document changed during each attempt to write it. Try again")
	errRefusedByMongoDB = refused(http.StatusBadRequest, codeMongoDB,
		"MongoDB refused the document: a unique index has its key already, or it does not match the validation of the collection")
	errTime         = refused(http.StatusBadRequest, codeTime, "the operation took too long. Narrow the query")
	errUnavailable  = refused(http.StatusServiceUnavailable, codeMongoDB, "the database does not answer. Try again later")
	errOverloaded   = refused(http.StatusServiceUnavailable, codeMongoDB, "there is not enough memory for the documents. Narrow the query, or try again later")
	errUnreadable   = refused(http.StatusInternalServerError, codeMongoDB, "a document of the collection cannot be read")
	errSecond       = denied("insert not permitted: the user already has a document")
	errNotPermitted = denied("update not permitted for this document: the user's role does not allow the change")
)

// failure turns an error of the collection into one for the user.
func failure(err error) error {
	if known, ok := errors.AsType[*appservices.Error](err); ok {
		return known
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return errTime
	case errors.Is(err, enrich.ErrNoDocument):
		return errRefusedByMongoDB
	}
	return errUnavailable
}

// message returns what an error says to a client, without its code.
func message(err error) string {
	if known, ok := errors.AsType[*appservices.Error](err); ok {
		return known.Message
	}
	return err.Error()
}
