package bsonjson

import (
	"encoding/json"
	"fmt"

	"github.com/tokengraft/tokengraft/enrich"
)

// maxDepth is how deep objects and arrays may nest: as deep as MongoDB and the
// driver's parser of Extended JSON allow.
const maxDepth = 200

var (
	errMalformed = fmt.Errorf("%w: malformed BSON", enrich.ErrUndecodable)
	errText      = fmt.Errorf("%w: text that is not UTF-8", enrich.ErrUndecodable)
	errDuplicate = fmt.Errorf("%w: a member name twice in one object", enrich.ErrUndecodable)
	errDepth     = fmt.Errorf("%w: nested deeper than %d", enrich.ErrUndecodable, maxDepth)
)

// Render writes a document as one JSON object on one line. Members keep their order,
// and only what JSON requires is escaped. The empty format is [Plain]; an unknown one
// is an error. The caller owns the result.
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
