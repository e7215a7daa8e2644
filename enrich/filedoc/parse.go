package filedoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// parse returns the documents of a file as BSON: of one JSON array, or of JSON
// objects one after the other. Errors say the line, and nothing of what is
// there. An empty file is a fault, for that is what a file looks like that is
// just being written: no documents are [].
func parse(content []byte) ([][]byte, error) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if len(bytes.TrimSpace(content)) == 0 {
		return nil, errors.New("the file is empty; without any document it is []")
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	array := bytes.HasPrefix(bytes.TrimLeft(content, " \t\r\n"), []byte("["))
	if array {
		if _, err := decoder.Token(); err != nil {
			return nil, syntaxError(content, decoder)
		}
	}

	var docs [][]byte
	for !array || decoder.More() {
		var object json.RawMessage
		err := decoder.Decode(&object)
		if !array && errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, syntaxError(content, decoder)
		}
		doc, err := bsonjson.Parse(object)
		if err != nil {
			// Not wrapped: it is a fault of the file, not of one user's document.
			return nil, fmt.Errorf("document %d, which ends in line %d, is no object of Extended JSON", len(docs)+1, line(content, decoder.InputOffset()))
		}
		docs = append(docs, doc)
	}
	return docs, endOfArray(content, decoder)
}

// endOfArray reports what is wrong behind the last document of an array.
func endOfArray(content []byte, decoder *json.Decoder) error {
	if _, err := decoder.Token(); err != nil {
		return syntaxError(content, decoder)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("line %d: there is something behind the array", line(content, decoder.InputOffset()))
	}
	return nil
}

// syntaxError says where the JSON is at fault: in or behind the line where the
// last good document ends.
func syntaxError(content []byte, decoder *json.Decoder) error {
	return fmt.Errorf("no valid JSON from line %d on", line(content, decoder.InputOffset()))
}

// line is the line, from 1, of an offset in bytes.
func line(content []byte, offset int64) int {
	return 1 + bytes.Count(content[:offset], []byte("\n"))
}
