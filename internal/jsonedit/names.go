package jsonedit

import "bytes"

// HasName reports whether an object at any depth of a JSON text has a member whose
// unescaped name matches. It copies nothing of the text, and is as lenient as
// [Strings]. It returns an error if the text is not exactly one JSON value.
func HasName(text []byte, matches func(name string) bool) (has bool, err error) {
	dec := lenient(bytes.TrimPrefix(text, byteOrderMark))
	defer decoders.Put(dec)
	for {
		token, err := dec.ReadToken()
		if err != nil {
			return false, redact(err)
		}
		// Names and values alternate in an object, so after a name their number is
		// odd.
		if kind, n := dec.StackIndex(dec.StackDepth()); kind == '{' && n%2 == 1 {
			has = has || matches(token.String())
		}
		if dec.StackDepth() == 0 {
			return has, atEnd(dec)
		}
	}
}
