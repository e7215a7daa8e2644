package bsonjson

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
)

// Parse converts one JSON object to BSON. It accepts MongoDB Extended JSON v2,
// relaxed and canonical, and so also plain JSON. The caller owns the result. The
// error wraps [enrich.ErrUndecodable] and contains nothing of the object.
func Parse(object []byte) ([]byte, error) {
	var doc bson.Raw
	if err := bson.UnmarshalExtJSON(object, false, &doc); err != nil || doc == nil {
		// The driver accepts null, and its errors quote the document.
		return nil, fmt.Errorf("%w: it is not a JSON object, or contains invalid Extended JSON", enrich.ErrUndecodable)
	}
	return doc, nil
}
