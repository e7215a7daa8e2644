package filedoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// parse returns the documents of a file as BSON. The file is a JSON array of objects,
// or one object after the other. Errors contain the line, but nothing of the content.
// An empty file is an error, because a file that is being written can be empty for a
// moment.
func parse(content []byte) (*documents, error) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if len(bytes.TrimSpace(content)) == 0 {
		return nil, errors.New("the file is empty. Write [] for a file without documents")
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	array := bytes.HasPrefix(bytes.TrimLeft(content, " \t\r\n"), []byte("["))
	if array {
		if _, err := decoder.Token(); err != nil {
			return nil, syntaxError(content, decoder)
		}
	}

	var (
		object json.RawMessage                                                  // its memory is used again
		docs   = documents{bytes: make([]byte, 0, len(content)+len(content)/4)} // BSON is a little longer than JSON
	)
	for !array || decoder.More() {
		err := decoder.Decode(&object)
		if !array && errors.Is(err, io.EOF) {
			return docs.clip(), nil
		}
		if err != nil {
			return nil, syntaxError(content, decoder)
		}
		doc, err := bsonjson.Parse(object)
		if err != nil {
			// err is not wrapped: its ErrUndecodable would mean one user's document.
			return nil, fmt.Errorf("line %d: document %d, which ends here, is not a JSON object or contains invalid Extended JSON", line(content, decoder.InputOffset()), docs.len()+1)
		}
		docs.add(doc)
	}
	return docs.clip(), endOfArray(content, decoder)
}

// endOfArray returns an error if the file does not end after the array.
func endOfArray(content []byte, decoder *json.Decoder) error {
	if _, err := decoder.Token(); err != nil {
		return syntaxError(content, decoder)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("line %d: there is text after the end of the array", line(content, decoder.InputOffset()))
	}
	return nil
}

// syntaxError returns an error with the line where the last good document ends. The
// fault is in that line or after it.
func syntaxError(content []byte, decoder *json.Decoder) error {
	return fmt.Errorf("line %d: the JSON is invalid here or further down", line(content, decoder.InputOffset()))
}

// line returns the line number of a byte offset. The first line is 1.
func line(content []byte, offset int64) int {
	return 1 + bytes.Count(content[:offset], []byte("\n"))
}
