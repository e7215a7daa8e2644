package permissions

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
)

// A value is a part of a file that is valid JSON. The zero value is missing.
type value struct {
	text []byte
	at   int // its offset in the file
}

// isEmpty reports whether a value is missing, null or an empty text.
func (v value) isEmpty() bool {
	return len(v.text) == 0 || string(v.text) == "null" || string(v.text) == `""`
}

// items returns the items of an array.
func (v value) items() (items []value) {
	dec := json.NewDecoder(bytes.NewReader(v.text))
	_, _ = dec.Token() // [
	for dec.More() {
		items = append(items, v.next(dec))
	}
	return items
}

// members yields the members of an object, also those that it has twice.
func (v value) members() iter.Seq2[string, value] {
	return func(yield func(string, value) bool) {
		dec := json.NewDecoder(bytes.NewReader(v.text))
		_, _ = dec.Token() // {
		for dec.More() {
			token, _ := dec.Token()
			name, _ := token.(string)
			if !yield(name, v.next(dec)) {
				return
			}
		}
	}
}

// next reads the next value of a decoder of v.
func (v value) next(dec *json.Decoder) value {
	var text json.RawMessage
	_ = dec.Decode(&text) // the file is valid JSON
	return value{text, v.at + int(dec.InputOffset()) - len(text)}
}

// A Fault is an error in a file.
type Fault struct {
	File         string // in the directory of functions
	Line, Column int    // from 1; columns are bytes
	Err          error
}

// Error returns the fault as FILE:LINE:COLUMN: ERROR.
func (f *Fault) Error() string { return fmt.Sprintf("%s:%d:%d: %v", f.File, f.Line, f.Column, f.Err) }

// Unwrap returns what is wrong.
func (f *Fault) Unwrap() error { return f.Err }
