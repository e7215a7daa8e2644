package bsonvalue

import (
	"errors"
	"iter"
)

// Count returns how many values a JSON text has, at most. It is for bounds on what reading
// the text takes: a value of two bytes takes many more in memory. Count does not check
// whether the text is JSON.
func Count(text []byte) int {
	n := 1
	for c := range structure(text) {
		if c == ',' || c == '{' || c == '[' {
			n++
		}
	}
	return n
}

// checkText refuses text that is nested too deep, before it is decoded. It does not check
// whether the text is JSON.
func checkText(text []byte) error {
	if len(text) == 0 {
		return errors.New("it is empty")
	}
	depth := 0
	for c := range structure(text) {
		switch c {
		case '{', '[':
			if depth++; depth > MaxDepth {
				return errDepth
			}
		case '}', ']':
			depth--
		}
	}
	return nil
}

// structure yields the bytes of a JSON text that are not in strings.
func structure(text []byte) iter.Seq[byte] {
	return func(yield func(byte) bool) {
		quoted := false
		for i := 0; i < len(text); i++ {
			switch c := text[i]; {
			case quoted && c == '\\':
				i++
			case c == '"':
				quoted = !quoted
			case !quoted && !yield(c):
				return
			}
		}
	}
}
