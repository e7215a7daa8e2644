package enrich

import "errors"

// A Rejection is the error of a hook that refuses a user their tokens.
type Rejection struct {
	// Code is one word of App Services' error codes, such as
	// FunctionExecutionError.
	Code string
	// Message is for the client, in the words of the author of the hook. It does
	// not belong in a log, because it may name the user.
	Message string
}

// Error implements error. It leaves Message out.
func (r *Rejection) Error() string { return "a hook refused the tokens: " + r.Code }

func isRejection(err error) bool {
	_, ok := errors.AsType[*Rejection](err)
	return ok
}
