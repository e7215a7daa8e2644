package seed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Documents reads documents of any shape from a file: a JSON array, or one JSON
// object after the other (NDJSON). Extended JSON such as {"$date": …} becomes the
// BSON type.
func Documents(file string) ([]bson.D, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	documents, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(documents) == 0 {
		return nil, fmt.Errorf("%s: contains no document", file)
	}
	return documents, nil
}

func parse(text []byte) (documents []bson.D, err error) {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		err = bson.UnmarshalExtJSON(text, false, &documents)
		return documents, err
	}
	for decoder := json.NewDecoder(bytes.NewReader(text)); ; {
		var object json.RawMessage
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
			return documents, nil
		} else if err != nil {
			return nil, fmt.Errorf("must be a JSON array of documents, or one document per line: %w", err)
		}
		var document bson.D
		if err := bson.UnmarshalExtJSON(object, false, &document); err != nil {
			return nil, fmt.Errorf("document %d: %w", len(documents)+1, err)
		}
		documents = append(documents, document)
	}
}

// valueAt returns the value at a path of a document. Dots reach into objects.
func valueAt(document bson.D, path string) (value any, found bool) {
	name, rest, deeper := strings.Cut(path, ".")
	for _, member := range document {
		if member.Key != name {
			continue
		}
		if !deeper {
			return member.Value, true
		}
		if inner, ok := member.Value.(bson.D); ok {
			return valueAt(inner, rest)
		}
	}
	return nil, false
}
