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

// invalid is an error of the arguments.
func invalid(format string, args ...any) error {
	return &appservices.Error{Status: http.StatusBadRequest, Code: codeParameter, Message: fmt.Sprintf(format, args...)}
}

// denied is an error of a user who must not do what they asked for.
func denied(format string, args ...any) error {
	return &appservices.Error{Status: http.StatusForbidden, Code: codeNoRule, Message: fmt.Sprintf(format, args...)}
}

func errNamespace(database, collection string) error {
	return denied("no rule exists for namespace '%s.%s'", database, collection)
}

var (
	errExpensive = &appservices.Error{Status: http.StatusBadRequest, Code: codeMongoDB,
		Message: "the query takes too many steps. Use fewer clauses and shorter lists"}
	errExamined = &appservices.Error{Status: http.StatusBadRequest, Code: codeMongoDB,
		Message: fmt.Sprintf("the query needs more than %d documents or %d MiB of them. Narrow the query, or set a limit", maxExamined, maxRead>>20)}
	errAnswer = &appservices.Error{Status: http.StatusBadRequest, Code: codeMongoDB,
		Message: fmt.Sprintf("the answer is larger than %d MiB. Narrow the query, or set a limit or a projection", maxAnswer>>20)}
	errConflict = &appservices.Error{Status: http.StatusConflict, Code: codeMongoDB,
		Message: "the document changed during each attempt to write it. Try again"}
	errSecond = &appservices.Error{Status: http.StatusForbidden, Code: codeNoRule,
		Message: "insert not permitted: the user already has a document"}
	errRefusedByMongoDB = &appservices.Error{Status: http.StatusBadRequest, Code: codeMongoDB,
		Message: "MongoDB refused the document: a unique index has its key already, or it does not match the validation of the collection"}
	errTime = &appservices.Error{Status: http.StatusBadRequest, Code: codeTime,
		Message: "the operation took too long. Narrow the query"}
	errUnavailable = &appservices.Error{Status: http.StatusServiceUnavailable, Code: codeMongoDB,
		Message: "the database does not answer. Try again later"}
	errOverloaded = &appservices.Error{Status: http.StatusServiceUnavailable, Code: codeMongoDB,
		Message: "there is not enough memory for the documents. Narrow the query, or try again later"}
	errUnreadable = &appservices.Error{Status: http.StatusInternalServerError, Code: codeMongoDB,
		Message: "a document of the collection cannot be read"}
	errNotPermitted = &appservices.Error{Status: http.StatusForbidden, Code: codeNoRule,
		Message: "update not permitted for this document: the user's role does not allow the change"}
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
