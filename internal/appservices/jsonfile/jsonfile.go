// Package jsonfile reads the JSON files of an exported app. Its values know where they are,
// so that a fault can name its place.
package jsonfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"unicode/utf8"
)

// A Value is a JSON value and where it is in its file. The zero Value is missing.
type Value struct {
	Text   json.RawMessage
	file   []byte
	offset int // of Text in the file
}

// Parse returns the value of a whole file, which may begin with a byte order mark. If the
// file is not valid JSON, the value has no text and is at the place of the error.
func Parse(file []byte) (Value, error) {
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	var anything json.RawMessage
	if err := json.Unmarshal(file, &anything); err != nil {
		return Value{file: file, offset: offsetOf(err, len(file))}, err
	}
	start := len(file) - len(bytes.TrimLeft(file, " \t\r\n"))
	return Value{anything, file, start}, nil
}

// offsetOf returns where the byte is that is wrong, or the end if the text is too short.
func offsetOf(err error, end int) int {
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	if !ok || syntax.Error() == "unexpected end of JSON input" {
		return end
	}
	return int(syntax.Offset) - 1 // it is the number of bytes that were read
}

// IsSet reports whether there is a value other than null.
func (v Value) IsSet() bool { return len(v.Text) > 0 && string(v.Text) != "null" }

// IsObject reports whether the value is an object.
func (v Value) IsObject() bool { return len(v.Text) > 0 && v.Text[0] == '{' }

// IsArray reports whether the value is an array.
func (v Value) IsArray() bool { return len(v.Text) > 0 && v.Text[0] == '[' }

// Place returns the line and the column of the byte at an offset of the text. Both count from
// 1; columns count characters.
func (v Value) Place(offset int) (line, column int) {
	before := v.file[:min(v.offset+offset, len(v.file))]
	return 1 + bytes.Count(before, []byte("\n")), 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
}

// Members yields the members of an object in their order, also those that it has twice.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		dec := v.decoder()
		for v.IsObject() && dec.More() {
			token, _ := dec.Token()
			name, _ := token.(string)
			if !yield(name, v.next(dec)) {
				return
			}
		}
	}
}

// Items yields the items of an array.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		dec := v.decoder()
		for v.IsArray() && dec.More() {
			if !yield(v.next(dec)) {
				return
			}
		}
	}
}

// decoder returns a decoder that has read the first token. The text is valid JSON.
func (v Value) decoder() *json.Decoder {
	dec := json.NewDecoder(bytes.NewReader(v.Text))
	_, _ = dec.Token()
	return dec
}

func (v Value) next(dec *json.Decoder) Value {
	var text json.RawMessage
	_ = dec.Decode(&text)
	return Value{text, v.file, v.offset + int(dec.InputOffset()) - len(text)}
}
