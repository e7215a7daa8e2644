// Package bsonjson turns BSON documents into JSON and back, and finds user ids
// in them. It is pure: no clock, no network, no state. Both sources use it, so
// a document means the same from a file as from MongoDB.
//
// Documents go in and out as the bytes of their BSON, unchecked: malformed ones
// give an error wrapping [enrich.ErrUndecodable], never a panic. No error text
// has anything of a document in it.
package bsonjson

import (
	"encoding/json"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
)

// maxDepth is how deep objects and arrays may nest: as deep as MongoDB itself
// and the driver's parser of Extended JSON allow.
const maxDepth = 200

var (
	errMalformed = fmt.Errorf("%w: malformed BSON", enrich.ErrUndecodable)
	errText      = fmt.Errorf("%w: text that is not UTF-8", enrich.ErrUndecodable)
	errDuplicate = fmt.Errorf("%w: a member name twice in one object", enrich.ErrUndecodable)
	errDepth     = fmt.Errorf("%w: nested deeper than %d", enrich.ErrUndecodable, maxDepth)
)

// Render writes a document as one JSON object on one line: members in their
// order, nothing escaped that JSON does not want escaped. The zero format is
// [Plain]. The caller owns the result.
func Render(doc []byte, format Format) (json.RawMessage, error) {
	if err := format.validate(); err != nil {
		return nil, err
	}
	return render(doc, format)
}

func render(doc []byte, format Format) (json.RawMessage, error) {
	w := writer{format: format, out: make([]byte, 0, len(doc)+len(doc)/4)}
	if err := w.document(doc, 1); err != nil {
		return nil, err
	}
	return w.out, nil
}

// Parse reads one JSON object as BSON. MongoDB Extended JSON v2, relaxed and
// canonical, is understood; so is plain JSON, which is relaxed Extended JSON
// without any special value. The caller owns the result.
func Parse(object []byte) ([]byte, error) {
	var doc bson.Raw
	if err := bson.UnmarshalExtJSON(object, false, &doc); err != nil || doc == nil {
		// The driver makes nothing of null, and its errors quote the document.
		return nil, fmt.Errorf("%w: not an object of Extended JSON", enrich.ErrUndecodable)
	}
	return doc, nil
}

// documentID returns the canonical text of a document's _id, its name in the source. It
// is empty for a document without one.
func documentID(doc []byte) string {
	id, ok := idOf(doc)
	if !ok {
		return ""
	}
	w := writer{format: Canonical}
	if err := w.value(id, 1); err != nil {
		return ""
	}
	return string(w.out)
}

// idOf returns the value of a document's _id.
func idOf(doc []byte) (id bson.RawValue, ok bool) {
	for m, err := range members(doc) {
		if err != nil {
			break
		}
		if m.name == "_id" {
			return m.value, true
		}
	}
	return bson.RawValue{}, false
}
