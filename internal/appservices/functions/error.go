package functions

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// What ends a call beside the function itself. An [*Error] wraps them.
var (
	// ErrTime is that a call took longer than it may.
	ErrTime = errors.New("out of time")
	// ErrMemory is that the heap grew by more than it may.
	ErrMemory = errors.New("out of memory")
	// ErrStack is that calls nest too deeply.
	ErrStack = errors.New("calls nest too deeply")
	// ErrNoFunction is that there is no function of that name.
	ErrNoFunction = errors.New("no such function")
	// ErrInternal is a fault of the engine.
	ErrInternal = errors.New("the JavaScript engine failed")

	errForever = errors.New("it waits for a promise that nothing settles")
	errExports = errors.New("it exports no function: want `exports = function (…) {…}`")
)

// An Error is a call that gave no result: the function threw, or was ended.
type Error struct {
	Function string
	// Code is App Services' error_code: FunctionExecutionError,
	// ExecutionTimeLimitExceeded or FunctionNotFound.
	Code string
	// Name and Message are of what was thrown: Name is empty if that was no
	// Error. Message is for the client, as App Services did it; it may quote
	// users' data, so it belongs in no log.
	Name, Message string
	// MongoCode is the code of MongoDB's refusal, if that is what was thrown.
	MongoCode int64
	// Stack is where it was thrown: files and lines, nothing else.
	Stack string

	cause error // why it was ended; nil for a throw
}

// Error has nothing of what the function said, so it may be logged.
func (e *Error) Error() string {
	text := "function " + e.Function + ": "
	if e.cause != nil {
		return text + e.cause.Error()
	}
	text += "it threw"
	if at, _, _ := strings.Cut(e.Stack, "\n"); at != "" {
		text += " " + at
	}
	return text
}

// Unwrap returns why the call was ended, nil for a throw.
func (e *Error) Unwrap() error { return e.cause }

// ended is the Error of a call that did not throw.
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

// thrown is the Error of a value that a function threw.
func (c *call) thrown(value goja.Value) error {
	e := &Error{Function: c.function, Code: "FunctionExecutionError"}
	if ex := c.vm.Try(func() { c.describe(value, e) }); ex != nil {
		e.Message = "something that has no text" // its toString threw
	}
	return e
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
	if code := object.Get("code"); code != nil {
		e.MongoCode, _ = code.Export().(int64)
	}
	e.Stack = c.frames(strings.Replace(text(object.Get("stack")), message, "", 1))
}

// text is a string value's text: anything else would run JavaScript to have one.
func text(value goja.Value) string {
	if value == nil {
		return ""
	}
	s, _ := value.Export().(string)
	return s
}

// frame is a line of a stack's text; after the column goja writes a place in its
// own code.
var frame = regexp.MustCompile(`(?m)^\s*at (?:\S+ \()?([^\s():]+)\.js:(\d+):(\d+)(?:\(\d+\))?\)?$`)

// frames keeps the frames of the app's functions, and of these the place only:
// the text before could be a line of the message.
func (c *call) frames(stack string) string {
	var kept []string
	for _, at := range frame.FindAllStringSubmatch(stack, -1) {
		if c.Has(at[1]) {
			kept = append(kept, "at "+place(at[1], at[2], at[3]))
		}
	}
	return cut(strings.Join(kept, "\n"), maxMessage)
}

// place is a position for the author, who did not write the opening.
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
