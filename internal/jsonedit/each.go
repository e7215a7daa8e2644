package jsonedit

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// EachString calls see for every string in a JSON text that is a value, with the path that
// leads to it. Elements of arrays have the element * in their path. The path is valid only
// until see returns. Like [Strings], EachString accepts duplicate names, invalid UTF-8, and
// a byte order mark at the start. It returns an error if the text is not exactly one JSON
// value; see may have been called before. Errors never quote the text.
func EachString(text []byte, see func(path Path, s StringSpan)) error {
	unmarked := bytes.TrimPrefix(text, byteOrderMark)
	dec := lenient(unmarked)
	defer decoders.Put(dec)

	e := eachWalker{dec: dec, mark: len(text) - len(unmarked), see: see}
	for {
		if err := e.next(); err != nil {
			return redact(err)
		}
		if dec.StackDepth() == 0 {
			return atEnd(dec)
		}
	}
}

// An eachWalker keeps the path of the value that it reads. It does not recurse, so a
// deeply nested text cannot exhaust the stack.
type eachWalker struct {
	dec  *jsontext.Decoder
	mark int // length of the byte order mark before the text
	path Path
	see  func(Path, StringSpan)
}

// next reads the next token: a name, a brace, a bracket or a value.
func (e *eachWalker) next() error {
	kind := e.dec.PeekKind()
	if kind != '}' && kind != ']' {
		if isName, err := e.enter(); isName || err != nil {
			return err
		}
	}
	switch kind {
	case '{', '[', '}', ']':
		_, err := e.dec.ReadToken()
		e.path = e.path[:min(len(e.path), e.dec.StackDepth())]
		return err
	case '"':
		return e.string()
	}
	return e.dec.SkipValue()
}

// string reads a string. It skips one with invalid UTF-8, as [Strings] does.
func (e *eachWalker) string() error {
	literal, err := e.dec.ReadValue()
	if err != nil {
		return err
	}
	end := e.mark + int(e.dec.InputOffset())
	if value, err := jsontext.AppendUnquote(nil, literal); err == nil {
		e.see(e.path, StringSpan{Start: end - len(literal), End: end, Value: string(value)})
	}
	return nil
}

// enter puts the last element of the path of the next value into path. If a name comes
// next, it reads the name.
func (e *eachWalker) enter() (isName bool, err error) {
	depth := e.dec.StackDepth()
	if depth == 0 {
		return false, nil
	}
	kind, n := e.dec.StackIndex(depth)
	switch {
	case kind == '[':
		e.path = append(e.path[:depth-1], "*")
		return false, nil
	case n%2 == 1: // the name has been read
		return false, nil
	}
	var name jsontext.Token
	if name, err = e.dec.ReadToken(); err == nil {
		e.path = append(e.path[:depth-1], name.String())
	}
	return true, err
}
