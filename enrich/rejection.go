package enrich

import "errors"

// A Rejection is the error that a hook returns if the user must get no tokens.
type Rejection struct {
	// Code is one of App Services' error codes, such as FunctionExecutionError.
	Code string
	// Message is a text for the client, written by the author of the hook. Do not
	// log it: it may name the user.
	Message string
}

// Error implements error. The text does not contain Message.
func (r *Rejection) Error() string { return "a hook refused the tokens: " + r.Code }

func isRejection(err error) bool {
	_, ok := errors.AsType[*Rejection](err)
	return ok
}
