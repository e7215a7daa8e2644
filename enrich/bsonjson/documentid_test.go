package bsonjson_test

import (
	"cmp"
	"math"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

func TestCompareIDs_SortsLikeMongoDB(t *testing.T) {
	sorted := []any{
		nil, math.NaN(), int32(-1), 0.5, int64(1), decimal(t, "1.5"), int32(2), "a", "b", bson.D{}, bson.Binary{Data: []byte("zz")}, bson.Binary{Data: []byte("aaa")},
		objectID(t, "62efedca3587e6e83c0fc675"), objectID(t, "62efedca3587e6e83c0fc676"), false, true, bson.DateTime(-5), bson.DateTime(5), bson.Timestamp{T: 1}, bson.MaxKey{},
	}
	docs := [][]byte{marshal(t, bson.D{{Key: "no_id", Value: 1}})}
	for _, id := range sorted {
		docs = append(docs, marshal(t, bson.D{{Key: "x", Value: 1}, {Key: "_id", Value: id}}))
	}
	for i, a := range docs {
		for j, b := range docs {
			if got, want := bsonjson.CompareIDs(a, b), cmp.Compare(i, j); got != want {
				t.Errorf("CompareIDs(%s, %s) = %d, want %d", bson.Raw(a), bson.Raw(b), got, want)
			}
		}
	}
	if got := bsonjson.CompareIDs(marshal(t, bson.D{{Key: "_id", Value: 1.0}}), marshal(t, bson.D{{Key: "_id", Value: int64(1)}})); got != 0 {
		t.Errorf("CompareIDs(1.0, 1) = %d, want 0", got)
	}
}

func TestDocumentID_IsCanonicalText(t *testing.T) {
	tests := []struct{ doc, want string }{
		{`{"_id":{"$oid":"62efedca3587e6e83c0fc675"}}`, `{"$oid":"62efedca3587e6e83c0fc675"}`},
		{`{"_id":"a"}`, `"a"`},
		{`{"_id":5}`, `{"$numberInt":"5"}`},
		{`{"a":5}`, ``},
	}
	for _, tt := range tests {
		doc, err := bsonjson.Parse([]byte(tt.doc))
		if err != nil {
			t.Fatal(err)
		}
		if got := bsonjson.DocumentID(doc); got != tt.want {
			t.Errorf("DocumentID(%s) = %s, want %s", tt.doc, got, tt.want)
		}
	}
}
