package functions

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// maxDepth is how deep objects and arrays may nest. MongoDB has the same limit.
const maxDepth = 100

var (
	errJSON  = errors.New("invalid JSON")
	errDepth = errors.New("nested deeper than 100 levels")
)

// A tree is a JSON value: nil, bool, string, [json.Number], []any of trees, or
// members, which keep their order.
type (
	tree    any
	members []member
	member  struct {
		name  string
		value tree
	}
)

// parse parses one JSON value. Its error does not quote the text, which may be a
// secret.
func parse(text []byte) (tree, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	value, err := parseValue(decoder, 0)
	if errors.Is(err, errDepth) {
		return nil, err
	}
	if err != nil {
		return nil, errJSON
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errJSON
	}
	return value, nil
}

func parseValue(decoder *json.Decoder, depth int) (tree, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return parseObject(decoder, depth)
	case json.Delim('['):
		return parseArray(decoder, depth)
	}
	return token, nil
}

func parseObject(decoder *json.Decoder, depth int) (tree, error) {
	object := members{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		value, err := parseValue(decoder, depth+1)
		if err != nil {
			return nil, err
		}
		object = append(object, member{name.(string), value})
	}
	_, err := decoder.Token()
	return object, err
}

func parseArray(decoder *json.Decoder, depth int) (tree, error) {
	array := []any{}
	for decoder.More() {
		value, err := parseValue(decoder, depth+1)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	_, err := decoder.Token()
	return array, err
}
