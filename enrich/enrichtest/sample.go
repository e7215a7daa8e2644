package enrichtest

import (
	"context"
	"slices"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// testSample checks what a source says about its documents: it looks at whole ones, and not
// at what a lookup reads.
func testSample(t *testing.T, open OpenSource) {
	type sampler interface {
		Sample(context.Context) (bsonjson.Sample, error)
	}
	docs := []string{
		`{"_id":1,"f":"u1","city":"Wien","big":"0123456789"}`,
		`{"_id":2,"f":{"$oid":"` + hexID + `"},"city":"Graz"}`,
	}
	src := open(t, SourceOptions{Field: "f", Projection: bsonjson.Projection{Include: []string{"city"}}}, docs...).(sampler)
	sample, err := src.Sample(t.Context())
	if err != nil || sample.Documents != 2 || len(sample.IDs) != 2 || !slices.Equal(sample.IDs["objectId"].Examples, []string{hexID}) {
		t.Fatalf("Sample = %+v, %v; want 2 documents, and ids of 2 types", sample, err)
	}
	want := map[string]struct {
		documents int
		included  bool
	}{"_id": {2, false}, "f": {2, false}, "city": {2, true}, "big": {1, false}}
	for _, f := range sample.Fields {
		if w, ok := want[f.Path]; !ok || len(f.Sizes) != w.documents || f.Included != w.included {
			t.Errorf("%+v, want %+v", f, w)
		}
		delete(want, f.Path)
	}
	if len(want) > 0 {
		t.Errorf("no %v in %+v", want, sample.Fields)
	}
}
