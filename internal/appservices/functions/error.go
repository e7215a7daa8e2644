package functions

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// Reasons why a call ended that are not exceptions of the function. An [*Error]
// wraps them.
var (
	// ErrTime means that a call took longer than [Options.Timeout].
	ErrTime = errors.New("the time limit was exceeded")
	// ErrMemory means that a call took more than [Options.Memory].
	ErrMemory = errors.New("the memory limit was exceeded")
	// ErrStack means that calls nest too deeply.
	ErrStack = errors.New("calls nest too deeply")
	// ErrNoFunction means that there is no function of that name.
	ErrNoFunction = errors.New("there is no function of this name")
	// ErrInternal means that the engine failed.
	ErrInternal = errors.New("the JavaScript engine failed")
	// ErrProcess means that the process of the call ended for a reason that is not a
	// limit of the call, for example because somebody killed it.
	ErrProcess = errors.New("the process that ran it has ended")
	// ErrClosed means that the [App] is closed. It is not an [*Error].
	ErrClosed = errors.New("the functions are closed")

	// ErrArgument means that an argument is not valid Extended JSON.
	ErrArgument = errors.New("an argument is not valid Extended JSON")

	errForever = errors.New("it waits for a promise that is never settled")
	errExports = errors.New("it does not export a function: write `exports = function (…) {…}`")
)

// An Error means that a call has no result, because the function threw or was
// stopped.
type Error struct {
	Function string
	// Code is App Services' error_code: FunctionExecutionError,
	// ExecutionTimeLimitExceeded or FunctionNotFound.
	Code string
	// Name and Message describe what was thrown. Name is empty if that was not an
	// Error. Message goes to the client, as in App Services. It may contain users'
	// data, so it must not be logged.
	Name, Message string
	// Failed means that the error is not the function's own: something that it needs
	// failed, such as a MongoDB command, or a server did not answer before it threw.
	Failed bool
	// Duplicate means that MongoDB refused a duplicate key before the function threw.
	Duplicate bool
	// MongoCode is MongoDB's error code, if an error of MongoDB was thrown.
	MongoCode int64
	// Stack says where it was thrown: files, lines and columns, nothing else.
	Stack string

	cause error // why the call was stopped; nil if the function threw
}

// Error returns a text that may be logged: it does not contain the message.
func (e *Error) Error() string {
	text := "function " + e.Function + ": "
	if e.cause != nil {
		return text + e.cause.Error()
	}
	text += "it threw an exception"
	if e.MongoCode != 0 {
		text += " of MongoDB, code " + strconv.FormatInt(e.MongoCode, 10) + ","
	}
	if at, _, _ := strings.Cut(e.Stack, "\n"); at != "" {
		text += " " + at
	}
	return text
}

// Unwrap returns why the call was stopped, or nil if the function threw.
func (e *Error) Unwrap() error { return e.cause }

// ended returns the Error of a call that was stopped.
func ended(function string, cause error) *Error {
	code := "FunctionExecutionError"
	switch {
	case errors.Is(cause, ErrTime):
		code = "ExecutionTimeLimitExceeded"
	case errors.Is(cause, ErrNoFunction):
		code = "FunctionNotFound"
	}
	return &Error{Function: function, Code: code, Message: cause.Error(), cause: cause}
}

// thrown returns the Error for a value that a function threw.
func (c *call) thrown(value goja.Value) error {
	object, _ := value.(*goja.Object)
	e := &Error{Function: c.function, Code: "FunctionExecutionError", Failed: c.unanswered || c.failures[object], Duplicate: c.duplicate}
	if ex := c.vm.Try(func() { c.describe(value, e) }); ex != nil {
		e.Message = "the thrown value cannot be converted to text" // its toString threw
	}
	return e
}

// codeOf returns the member code of an error, and 0 if there is none.
func codeOf(err *goja.Object) (code int64) {
	if value := err.Get("code"); value != nil {
		code, _ = value.Export().(int64)
	}
	return code
}

const maxMessage = 4 << 10

func (c *call) describe(value goja.Value, e *Error) {
	object, ok := value.(*goja.Object)
	if !ok || object.ClassName() != "Error" {
		e.Message = cut(value.String(), maxMessage)
		return
	}
	e.Name = cut(text(object.Get("name")), maxMessage)
	message := text(object.Get("message"))
	e.Message = cut(message, maxMessage)
	if c.failures[object] {
		e.MongoCode = codeOf(object)
	}
	e.Stack = c.frames(strings.Replace(text(object.Get("stack")), message, "", 1))
}

// text returns the text of a string, and "" for other values: converting them could
// run JavaScript.
func text(value goja.Value) string {
	if value == nil {
		return ""
	}
	s, _ := value.Export().(string)
	return s
}

// frame matches a line of a stack trace. After the column, goja writes a position in
// its own code.
var frame = regexp.MustCompile(`(?m)^\s*at (?:\S+ \()?([^\s():]+)\.js:(\d+):(\d+)(?:\(\d+\))?\)?$`)

// frames returns the positions of the frames in the app's functions, without the
// text around them: that could be a line of the message.
func (c *call) frames(stack string) string {
	var kept []string
	for _, at := range frame.FindAllStringSubmatch(stack, -1) {
		if c.has(at[1]) {
			kept = append(kept, "at "+place(at[1], at[2], at[3]))
		}
	}
	return cut(strings.Join(kept, "\n"), maxMessage)
}

// place returns a position in the author's source, which does not have the opening.
func place(function, line, column string) string {
	if n, _ := strconv.Atoi(column); line == "1" {
		column = strconv.Itoa(max(n-len(opening), 1))
	}
	return function + ".js:" + line + ":" + column
}

func cut(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
