package bsonvalue

import "errors"

// checkText refuses text that is nested too deep, before it is decoded. It does not check
// whether the text is JSON.
func checkText(text []byte) error {
	if len(text) == 0 {
		return errors.New("it is empty")
	}
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			if depth++; depth > MaxDepth {
				return errDepth
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return nil
}
