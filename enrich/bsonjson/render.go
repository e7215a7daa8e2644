package bsonjson

import (
	"encoding/json"
	"fmt"

	"github.com/tokengraft/tokengraft/enrich"
)

// maxDepth is how deep objects and arrays may be nested. It is the limit of MongoDB
// and of the driver's parser for Extended JSON.
const maxDepth = 200

var (
	errMalformed = fmt.Errorf("%w: it is malformed BSON", enrich.ErrUndecodable)
	errText      = fmt.Errorf("%w: it contains text that is not UTF-8", enrich.ErrUndecodable)
	errDuplicate = fmt.Errorf("%w: an object contains the same name twice", enrich.ErrUndecodable)
	errDepth     = fmt.Errorf("%w: it is nested deeper than %d levels", enrich.ErrUndecodable, maxDepth)
)

// Render writes a document as one JSON object on one line. Members keep their order,
// and only characters that JSON requires to be escaped are escaped. The empty format
// means [Plain]. The error is about an unknown format, or wraps
// [enrich.ErrUndecodable]. The caller owns the result.
func Render(doc []byte, format Format) (json.RawMessage, error) {
	if err := format.validate(); err != nil {
		return nil, err
	}
	return render(doc, format)
}

func render(doc []byte, format Format) (json.RawMessage, error) {
	w := writer{format: format, out: make([]byte, 0, len(doc)+len(doc)/4), seen: names{make([][]byte, 0, fewNames)}}
	if err := w.document(doc, 1); err != nil {
		return nil, err
	}
	return w.out, nil
}
