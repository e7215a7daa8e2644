package bsonjson

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
)

// Parse reads one JSON object as BSON. It reads MongoDB Extended JSON v2, relaxed and
// canonical, and so plain JSON too. The caller owns the result.
func Parse(object []byte) ([]byte, error) {
	var doc bson.Raw
	if err := bson.UnmarshalExtJSON(object, false, &doc); err != nil || doc == nil {
		// The driver accepts null, and its errors quote the document.
		return nil, fmt.Errorf("%w: not an object of Extended JSON", enrich.ErrUndecodable)
	}
	return doc, nil
}
