package filedoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// parse returns the documents of a file as BSON. The file is a JSON array of
// objects, or one object after the other. Errors name the line and quote nothing. An
// empty file is an error, because a file that is being written looks like that. A
// file without documents is [].
func parse(content []byte) ([][]byte, error) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if len(bytes.TrimSpace(content)) == 0 {
		return nil, errors.New("the file is empty; a file without documents is []")
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
			// Not wrapped: the file is wrong, not one user's document.
			return nil, fmt.Errorf("document %d, which ends in line %d, is not an object of Extended JSON", len(docs)+1, line(content, decoder.InputOffset()))
		}
		docs = append(docs, doc)
	}
	return docs, endOfArray(content, decoder)
}

// endOfArray reports what is wrong after the last document of an array.
func endOfArray(content []byte, decoder *json.Decoder) error {
	if _, err := decoder.Token(); err != nil {
		return syntaxError(content, decoder)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("line %d: there is something after the array", line(content, decoder.InputOffset()))
	}
	return nil
}

// syntaxError says where the JSON is wrong: in or after the line where the last good
// document ends.
func syntaxError(content []byte, decoder *json.Decoder) error {
	return fmt.Errorf("invalid JSON from line %d on", line(content, decoder.InputOffset()))
}

// line is the line, from 1, of an offset in bytes.
func line(content []byte, offset int64) int {
	return 1 + bytes.Count(content[:offset], []byte("\n"))
}
