package yamlbind

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Scalar describes what the text of a scalar may be.
type Scalar struct {
	// Want says what a value is, in faults and in the manual: "a size".
	Want string
	// Schemas are alternatives; a value must match one. They must not be stricter
	// than the parser. Without schemas every text is allowed.
	Schemas []Schema
	// AnyText says that almost every text is allowed, so that a number without
	// quotes is probably a mistake.
	AnyText bool
	// Raw says that the value may also be a mapping, a list or a number. The parser gets
	// its JSON text, and may return [Parts] as its error.
	Raw bool
	// Empty says that the empty text is a value of a list, and not a missing one.
	Empty bool

	words []string // the allowed values; nil if a parser decides
}

// A Schema is a JSON Schema (draft 2020-12): keywords and their values.
type Schema map[string]any

// Matching returns the schema of text that matches a regular expression.
func Matching(pattern string) Schema { return Schema{"type": "string", "pattern": pattern} }

// Describe registers the description of a type that parses itself. Call it when a
// package variable is initialized: it is not safe for concurrent use. It returns
// its argument.
func Describe[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](s Scalar) Scalar {
	described[reflect.TypeFor[T]()] = s
	return s
}

// DescribeWords registers a string type whose values are these words, exactly as
// written. Such a type does not need a parser. Call it like [Describe].
func DescribeWords[W ~string](words ...W) Scalar {
	plain := make([]string, len(words))
	for i, word := range words {
		plain[i] = string(word)
	}
	s := Scalar{Want: OneOf(plain), Schemas: []Schema{{"enum": plain}}, words: plain}
	described[reflect.TypeFor[W]()] = s
	return s
}

// OneOf joins words as alternatives: a, b or c.
func OneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// described has the description of each scalar type.
var described = map[reflect.Type]Scalar{
	reflect.TypeFor[string](): {Want: "text", AnyText: true},
	reflect.TypeFor[bool](): {
		Want:    "true or false",
		Schemas: []Schema{{"type": "boolean"}, Matching(`^(true|false)$`)},
	},
	reflect.TypeFor[time.Duration](): {
		Want:    "a duration",
		Schemas: []Schema{Matching(`^\+?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`), {"const": 0}},
	},
}

// ScalarOf returns the description of a type. It returns false for sections and
// lists.
func ScalarOf(t reflect.Type) (Scalar, bool) {
	s, ok := described[t]
	return s, ok
}

func isScalar(t reflect.Type) bool {
	_, ok := ScalarOf(t)
	return ok
}

// setText parses text into a scalar. On an error v is unchanged.
func setText(v reflect.Value, text string) error {
	if s, _ := ScalarOf(v.Type()); s.words != nil {
		if !slices.Contains(s.words, text) {
			return fmt.Errorf("%q is unknown; use %s", text, s.Want)
		}
		v.SetString(text)
		return nil
	}
	switch p := v.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return p.UnmarshalText([]byte(text))
	case *string:
		if !utf8.ValidString(text) {
			return errors.New("is not UTF-8")
		}
		*p = text
	case *bool:
		if text != "true" && text != "false" {
			return errors.New("must be true or false")
		}
		*p = text == "true"
	case *time.Duration:
		return parseDuration(p, text)
	default:
		panic(fmt.Sprintf("%T cannot be parsed from text", p))
	}
	return nil
}

func parseDuration(d *time.Duration, text string) error {
	parsed, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return errors.New("must be a duration like 30s, 500ms or 1h30m")
	case parsed < 0:
		return errors.New("must not be negative; use a duration like 30s, or 0s")
	}
	*d = parsed
	return nil
}
