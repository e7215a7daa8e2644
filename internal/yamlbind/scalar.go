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
	// Schemas are alternatives that take a value. None is stricter than the
	// parser, which has the last word. Without any every text is a value.
	Schemas []Schema
	// AnyText says that next to every text is a value, so that a number without
	// quotes is more likely a mistake.
	AnyText bool

	words []string // the only values, where there are some
}

// A Schema is a JSON Schema (draft 2020-12): keywords and their values.
type Schema map[string]any

// Matching is the schema of text that matches a regular expression.
func Matching(pattern string) Schema { return Schema{"type": "string", "pattern": pattern} }

// A Describer is a scalar that describes itself. Its method is called on the
// zero value. It is an [encoding.TextUnmarshaler], too, unless it is one of some
// words.
type Describer interface{ Describe() Scalar }

// Words describes a string type whose values are these words, exactly as
// written. Such a type needs no parser.
func Words[W ~string](words ...W) Scalar {
	plain := make([]string, len(words))
	for i, word := range words {
		plain[i] = string(word)
	}
	return Scalar{Want: OneOf(plain), Schemas: []Schema{{"enum": plain}}, words: plain}
}

// OneOf writes words as an alternative: a, b or c.
func OneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// described are the types that cannot describe themselves.
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

// Describe describes a type of another package, which parses itself. It is called
// once, where a variable of the package that binds is initialized, and returns
// what it was given.
func Describe[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](s Scalar) Scalar {
	described[reflect.TypeFor[T]()] = s
	return s
}

// ScalarOf returns the description of a type; false for sections and lists.
func ScalarOf(t reflect.Type) (Scalar, bool) {
	if s, ok := described[t]; ok {
		return s, true
	}
	if d, ok := reflect.Zero(t).Interface().(Describer); ok {
		return d.Describe(), true
	}
	return Scalar{}, false
}

func isScalar(t reflect.Type) bool {
	_, ok := ScalarOf(t)
	return ok
}

// setText parses text into a scalar. On an error v keeps its value.
func setText(v reflect.Value, text string) error {
	if s, _ := ScalarOf(v.Type()); s.words != nil {
		if !slices.Contains(s.words, text) {
			return fmt.Errorf("%q is unknown, want %s", text, s.Want)
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
			return errors.New("want true or false")
		}
		*p = text == "true"
	case *time.Duration:
		return parseDuration(p, text)
	default:
		panic(fmt.Sprintf("no text becomes a %T", p))
	}
	return nil
}

func parseDuration(d *time.Duration, text string) error {
	parsed, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return errors.New("want a duration like 30s, 500ms or 1h30m")
	case parsed < 0:
		return errors.New("is negative, want a duration like 30s, or 0s")
	}
	*d = parsed
	return nil
}
