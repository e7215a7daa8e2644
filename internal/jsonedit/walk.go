package jsonedit

import (
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

// A Leaf is a value of a JSON text, as [Walk] visits it.
type Leaf struct {
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
func (l Leaf) IsString() bool { return l.token.Kind() == '"' }

// IsNumber reports whether the value is a number.
func (l Leaf) IsNumber() bool { return l.token.Kind() == '0' }

// IsObject reports whether the value is an object. Its members are visited after it.
func (l Leaf) IsObject() bool { return l.token.Kind() == '{' }

// IsArray reports whether the value is an array. Its elements are visited after it.
func (l Leaf) IsArray() bool { return l.token.Kind() == '[' }

// Text returns the unescaped text of a string. Call it only during the visit.
func (l Leaf) Text() string { return l.token.String() }

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
func Walk(text []byte, visit func(Leaf) bool) error {
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
		if in == '{' && n%2 == 1 {
			// Names and values alternate in an object, so this is a name.
			names[depth] = token.String()
			continue
		}
		leaf := Leaf{token: token, Depth: depth, Name: names[depth], InArray: in == '['}
		switch token.Kind() {
		case '{', '[':
			leaf.Depth--
			leaf.Name = names[depth-1]
			in, _ = dec.StackIndex(depth - 1)
			leaf.InArray = in == '['
			names[depth] = leaf.Name
			fallthrough
		default:
			if !visit(leaf) {
				return errStopped
			}
		case '}', ']':
		}
		if depth == 0 {
			return atEnd(dec)
		}
	}
}
