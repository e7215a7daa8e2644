package bsonjson_test

import (
	"errors"
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// Few names are compared one by one, many are in a map. An object in an object may have the
// names of the outer one.
func TestRender_FindsADuplicateAmongAnyNumberOfNames(t *testing.T) {
	for count := 1; count <= 70; count++ {
		var doc bson.D
		for n := range count {
			doc = append(doc, bson.E{Key: fmt.Sprint("n", n), Value: bson.D{{Key: "n0", Value: n}, {Key: fmt.Sprint("n", n+1), Value: n}}})
		}
		if _, err := bsonjson.Render(marshal(t, doc), bsonjson.Plain); err != nil {
			t.Errorf("Render of %d different names = %v, want no error", count, err)
		}
		for n := range count {
			twice := marshal(t, append(doc[:count:count], bson.E{Key: fmt.Sprint("n", n), Value: 1}))
			if _, err := bsonjson.Render(twice, bsonjson.Plain); !errors.Is(err, enrich.ErrUndecodable) {
				t.Errorf("Render of %d names with the name %d twice = %v, want %v", count, n, err, enrich.ErrUndecodable)
			}
		}
	}
}
