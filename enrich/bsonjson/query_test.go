package bsonjson_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// Request does not ask for paths that are excluded or not included, and has no paths that
// MongoDB would refuse as a collision.
func TestRequest_FetchesOnlyWhatIsNeeded(t *testing.T) {
	tests := []struct {
		field            string
		include, exclude []string
		want             string
	}{
		{"u", nil, nil, ``},
		{"u", []string{"b", "a.c"}, nil, `{"_id":1,"a.c":1,"b":1,"u":1}`},
		{"u", []string{"b"}, []string{"_id"}, `{"_id":1,"b":1,"u":1}`},
		{"a.id", []string{"a"}, nil, `{"_id":1,"a":1}`},
		{"a", []string{"a.b"}, nil, `{"_id":1,"a":1}`},
		{"_id", []string{"_id.x", "b"}, nil, `{"_id":1,"b":1}`},
		{"u", nil, []string{"_id", "u"}, ``},
		{"u", nil, []string{"b", "a.c", "_id", "u"}, `{"a.c":0,"b":0}`},
		{"a.id", nil, []string{"a", "b"}, `{"b":0}`},
		{"a", nil, []string{"a.b", "_id.x"}, `{"a.b":0}`},
	}
	for _, tt := range tests {
		mapping, err := bsonjson.NewMapping(tt.field, "", "", bsonjson.Projection{Include: tt.include, Exclude: tt.exclude})
		if err != nil {
			t.Fatal(err)
		}
		projection, err := mapping.FindProjection()
		if err != nil {
			t.Fatal(err)
		}
		if got := plain(t, projection); got != tt.want {
			t.Errorf("FindProjection with field %s include %q exclude %q = %s, want %s", tt.field, tt.include, tt.exclude, got, tt.want)
		}
	}
}

func TestFilter_MatchesEveryTypeOfTheID(t *testing.T) {
	tests := []struct {
		user                 enrich.User
		typ                  bsonjson.UserIDType
		wantFilter, wantSort string
	}{
		{enrich.User{ID: "x"}, bsonjson.AutoID, `{"a.f":"x"}`, `{"_id":{"$numberInt":"1"}}`},
		{enrich.User{ID: "7", Number: true}, bsonjson.AutoID, `{"a.f":{"$numberLong":"7"}}`, `{"_id":{"$numberInt":"1"}}`},
		{enrich.User{ID: hexID}, bsonjson.ObjectID, `{"a.f":{"$oid":"` + hexID + `"}}`, `{"_id":{"$numberInt":"1"}}`},
		{enrich.User{ID: "-7"}, bsonjson.IntID, `{"a.f":{"$numberLong":"-7"}}`, `{"_id":{"$numberInt":"1"}}`},
		{enrich.User{ID: "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"}, bsonjson.UUID, `{"a.f":{"$binary":{"base64":"+B1Prn3sEdCnZQCgyR5r9g==","subType":"04"}}}`, `{"_id":{"$numberInt":"1"}}`},
		{enrich.User{ID: hexID}, bsonjson.AutoID, `{"a.f":{"$in":["` + hexID + `",{"$oid":"` + hexID + `"}]}}`, `{"a.f":{"$numberInt":"1"},"_id":{"$numberInt":"1"}}`},
		{enrich.User{ID: "-7"}, bsonjson.AutoID, `{"a.f":{"$in":["-7",{"$numberLong":"-7"}]}}`, `{"a.f":{"$numberInt":"-1"},"_id":{"$numberInt":"1"}}`},
	}
	field, err := bsonjson.NewField("a.f")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		ids := bsonjson.Candidates(tt.user, tt.typ)
		filter, errFilter := field.Filter(ids)
		sort, errSort := field.Sort(ids)
		if errFilter != nil || errSort != nil {
			t.Fatal(errFilter, errSort)
		}
		if got := canonical(t, filter); got != tt.wantFilter {
			t.Errorf("filter for %q = %s, want %s", tt.user.ID, got, tt.wantFilter)
		}
		if got := canonical(t, sort); got != tt.wantSort {
			t.Errorf("sort for %q = %s, want %s", tt.user.ID, got, tt.wantSort)
		}
	}
}
