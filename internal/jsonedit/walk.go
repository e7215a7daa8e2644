package jsonedit

import (
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

// A Value is a value of a JSON text, as [Walk] visits it.
type Value struct {
	// Name is the unescaped name of the innermost member that contains the value. It is
	// empty if no object contains it.
	Name string
	// Depth is how many objects and arrays contain the value.
	Depth int
	// InArray reports whether the value is an element of an array.
	InArray bool

	token jsontext.Token
}

// IsString reports whether the value is a string.
func (v Value) IsString() bool { return v.token.Kind() == '"' }

// IsNumber reports whether the value is a number.
func (v Value) IsNumber() bool { return v.token.Kind() == '0' }

// IsObject reports whether the value is an object. Its members are visited after it.
func (v Value) IsObject() bool { return v.token.Kind() == '{' }

// IsArray reports whether the value is an array. Its elements are visited after it.
func (v Value) IsArray() bool { return v.token.Kind() == '[' }

// Text returns the unescaped text of a string. Call it only during the visit.
func (v Value) Text() string { return v.token.String() }

// maxWalk is how many objects and arrays may contain each other in a text that is
// walked.
const maxWalk = 32

var (
	errTooDeep = errors.New("more than 32 levels")
	errStopped = errors.New("stopped")
)

// Walk visits every value of a JSON text, at any depth, in the order of the text. A
// member that occurs twice is visited twice. It returns an error if the text is not
// exactly one JSON value in valid UTF-8 with at most 32 levels, or if visit returns
// false.
func Walk(text []byte, visit func(Value) bool) error {
	dec := decoder(text, jsontext.AllowDuplicateNames(true))
	defer decoders.Put(dec)
	var names [maxWalk + 1]string // of the innermost member at each depth
	for {
		token, err := dec.ReadToken()
		if err != nil {
			return redact(err)
		}
		depth := dec.StackDepth()
		if depth > maxWalk {
			return errTooDeep
		}
		in, n := dec.StackIndex(depth)
		switch kind := token.Kind(); {
		case in == '{' && n%2 == 1: // names and values alternate in an object
			names[depth] = token.String()
			continue
		case kind == '{', kind == '[':
			depth-- // that of the value, and not of what is in it
			in, _ = dec.StackIndex(depth)
			names[depth+1] = names[depth]
		case kind == '}', kind == ']':
			if depth == 0 {
				return atEnd(dec)
			}
			continue
		}
		if !visit(Value{token: token, Depth: depth, Name: names[depth], InArray: in == '['}) {
			return errStopped
		}
		if dec.StackDepth() == 0 {
			return atEnd(dec)
		}
	}
}
