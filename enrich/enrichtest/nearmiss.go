package enrichtest

import (
	"context"
	"maps"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// testNearMisses checks what a source says about users without a document.
func testNearMisses(t *testing.T, open OpenSource) {
	type nearMisser interface {
		NearMiss(context.Context, enrich.User) (bsonjson.NearMiss, bool, error)
		CountTypes(context.Context) (map[string]int, error)
	}
	tests := []struct {
		name string
		typ  bsonjson.UserIDType
		user enrich.User
		want bsonjson.NearMiss // the zero NearMiss means none
	}{
		{"a number for a string", bsonjson.StringID, enrich.User{ID: "6"}, bsonjson.NearMiss{Found: bsonjson.IntID, Use: bsonjson.AutoID}},
		{"a double for a string", bsonjson.StringID, enrich.User{ID: "7"}, bsonjson.NearMiss{Found: bsonjson.IntID, Use: bsonjson.AutoID}},
		{"a string for a number", bsonjson.AutoID, enrich.User{ID: "66", Number: true}, bsonjson.NearMiss{Found: bsonjson.StringID, Use: bsonjson.StringID}},
		{"a UUID", bsonjson.AutoID, enrich.User{ID: uuidID}, bsonjson.NearMiss{Found: bsonjson.UUID, Use: bsonjson.UUID}},
		{"a string for an ObjectId", bsonjson.ObjectID, enrich.User{ID: "62efedca3587e6e83c0fc677"}, bsonjson.NearMiss{Found: bsonjson.StringID, Use: bsonjson.AutoID}},
		{"another letter case", bsonjson.AutoID, enrich.User{ID: "62EFEDCA3587E6E83C0FC677"}, bsonjson.NearMiss{Found: bsonjson.StringID}},
		{"spaces", bsonjson.AutoID, enrich.User{ID: " u1 "}, bsonjson.NearMiss{Found: bsonjson.StringID}},
		{"a space in the document", bsonjson.AutoID, enrich.User{ID: "spaced"}, bsonjson.NearMiss{Found: bsonjson.StringID}},
		{"no similar id", bsonjson.AutoID, enrich.User{ID: "nobody"}, bsonjson.NearMiss{}},
		{"no user", bsonjson.AutoID, enrich.User{}, bsonjson.NearMiss{}},
	}
	docs := []string{
		`{"_id":1,"f":"u1"}`, `{"_id":2,"f":6}`, `{"_id":3,"f":7.0}`, `{"_id":4,"f":"66"}`, `{"_id":5,"f":{"$uuid":"` + uuidID + `"}}`,
		`{"_id":6,"f":"62efedca3587e6e83c0fc677"}`, `{"_id":7,"f":"spaced "}`, `{"_id":8}`,
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := open(t, SourceOptions{Field: "f", IDType: tt.typ, Projection: bsonjson.Projection{Include: []string{"other"}}}, docs...).(nearMisser)
			near, ok, err := src.NearMiss(t.Context(), tt.user)
			if err != nil || near != tt.want || ok != (tt.want.Found != "") {
				t.Errorf("NearMiss(%q) with type %s = %+v, %v, %v; want %+v", tt.user.ID, tt.typ, near, ok, err, tt.want)
			}
			want := map[string]int{"string": 4, "int": 2, "uuid": 1, "": 1}
			if got, err := src.CountTypes(t.Context()); err != nil || !maps.Equal(got, want) {
				t.Errorf("CountTypes = %v, %v; want %v", got, err, want)
			}
		})
	}
}
