package bsonjson_test

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

func TestProjection_KeepsWhatItSays(t *testing.T) {
	const doc = `{"_id":1,"u":"x","a":{"b":1,"c":2,"d":{"e":3,"f":4}},"l":[{"b":1,"c":2},5,[{"b":3},6],{}],"s":"t"}`
	tests := []struct {
		include, exclude []string
		want             string
	}{
		{nil, nil, doc},
		{[]string{"s", "u"}, nil, `{"u":"x","s":"t"}`},
		{[]string{"_id"}, nil, `{"_id":1}`},
		{[]string{"_id", "s"}, []string{"_id"}, `{"s":"t"}`},
		{[]string{"a.b", "a.d.f"}, nil, `{"a":{"b":1,"d":{"f":4}}}`},
		{[]string{"a.x"}, nil, `{"a":{}}`},
		{[]string{"s.x"}, nil, `{}`},
		{[]string{"l.b"}, nil, `{"l":[{"b":1},[{"b":3}],{}]}`},
		{nil, []string{"_id", "u", "l"}, `{"a":{"b":1,"c":2,"d":{"e":3,"f":4}},"s":"t"}`},
		{nil, []string{"a.d.e", "l.b", "s.x", "none"}, `{"_id":1,"u":"x","a":{"b":1,"c":2,"d":{"f":4}},"l":[{"c":2},5,[{},6],{}],"s":"t"}`},
	}
	for _, tt := range tests {
		p, err := bsonjson.NewProjector(bsonjson.Projection{Include: tt.include, Exclude: tt.exclude})
		if err != nil {
			t.Fatal(err)
		}
		in, err := bsonjson.Parse([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.Apply(in)
		if err != nil {
			t.Errorf("include %q exclude %q: %v", tt.include, tt.exclude, err)
			continue
		}
		if got, err := bsonjson.Render(out, bsonjson.Plain); err != nil || string(got) != tt.want {
			t.Errorf("include %q exclude %q = %s, %v; want %s", tt.include, tt.exclude, got, err, tt.want)
		}
	}
}

// What is excluded, or not included, is not asked for, and MongoDB refuses no
// request as a collision of paths.
func TestRequest_AsksForNoMoreThanItMust(t *testing.T) {
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
		request, err := mapping.Request()
		if err != nil {
			t.Fatal(err)
		}
		if got := plain(t, request); got != tt.want {
			t.Errorf("field %s include %q exclude %q requests %s, want %s", tt.field, tt.include, tt.exclude, got, tt.want)
		}
	}
}

func TestFilter_AsksForEveryTypedForm(t *testing.T) {
	tests := []struct {
		user                 enrich.User
		wantFilter, wantSort string
	}{
		{enrich.User{ID: "x"}, `{"a.f":"x"}`, `{"_id":{"$numberInt":"1"}}`},
		{enrich.User{ID: "7", Number: true}, `{"a.f":{"$numberLong":"7"}}`, `{"_id":{"$numberInt":"1"}}`},
		{enrich.User{ID: hexID}, `{"a.f":{"$in":["` + hexID + `",{"$oid":"` + hexID + `"}]}}`, `{"a.f":{"$numberInt":"1"},"_id":{"$numberInt":"1"}}`},
	}
	field, err := bsonjson.NewField("a.f")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		ids := bsonjson.Candidates(tt.user, bsonjson.AutoID)
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

func plain(t *testing.T, doc []byte) string     { return render(t, doc, bsonjson.Plain) }
func canonical(t *testing.T, doc []byte) string { return render(t, doc, bsonjson.Canonical) }

func render(t *testing.T, doc []byte, format bsonjson.Format) string {
	t.Helper()
	if doc == nil {
		return ""
	}
	text, err := bsonjson.Render(doc, format)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// FuzzProjection_IsIdempotent holds the laws that what a projection left is left by it again,
// and that nothing of a malformed document panics.
func FuzzProjection_IsIdempotent(f *testing.F) {
	for _, g := range goldens(f) {
		f.Add(marshal(f, bson.D{{Key: "a", Value: g.value}, {Key: "l", Value: bson.A{g.value, bson.D{{Key: "b", Value: g.value}}}}}))
	}
	include, errInclude := bsonjson.NewProjector(bsonjson.Projection{Include: []string{"a", "l.b"}})
	exclude, errExclude := bsonjson.NewProjector(bsonjson.Projection{Exclude: []string{"a.b", "l.b"}})
	field, errField := bsonjson.NewField("l.b")
	if errInclude != nil || errExclude != nil || errField != nil {
		f.Fatal(errInclude, errExclude, errField)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		field.UserIDs(doc)
		for _, p := range []bsonjson.Projector{include, exclude} {
			once, err := p.Apply(doc)
			if err != nil {
				continue
			}
			again, err := p.Apply(once)
			if err != nil || string(again) != string(once) {
				t.Errorf("Apply(%x) = %x, %v; want it unchanged", once, again, err)
			}
		}
	})
}

func TestIsIndexedBy_WantsTheFieldFirst(t *testing.T) {
	tests := []struct {
		index string
		want  bool
	}{
		{`{"v":2,"key":{"f.g":1},"name":"a"}`, true},
		{`{"v":2,"key":{"f.g":"hashed"},"name":"a"}`, true},
		{`{"v":2,"key":{"f.g":-1,"b":1},"name":"a","unique":true}`, true},
		{`{"v":2,"key":{"b":1,"f.g":1},"name":"a"}`, false},
		{`{"v":2,"key":{"f":1},"name":"a"}`, false},
		{`{"v":2,"key":{"f.g":1},"name":"a","partialFilterExpression":{"x":1}}`, false},
		{`{"v":2,"key":{"f.g":1},"name":"a","hidden":true}`, false},
	}
	field, err := bsonjson.NewField("f.g")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		index, err := bsonjson.Parse([]byte(tt.index))
		if err != nil {
			t.Fatal(err)
		}
		if got := field.IsIndexedBy(index); got != tt.want {
			t.Errorf("IsIndexedBy(%s) = %v, want %v", tt.index, got, tt.want)
		}
	}
}
