package bsonjson_test

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

func TestProjection_KeepsAndDropsPaths(t *testing.T) {
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
			t.Errorf("Apply with include %q exclude %q = %v, want no error", tt.include, tt.exclude, err)
			continue
		}
		if got, err := bsonjson.Render(out, bsonjson.Plain); err != nil || string(got) != tt.want {
			t.Errorf("Apply with include %q exclude %q = %s, %v; want %s", tt.include, tt.exclude, got, err, tt.want)
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

// FuzzProjection_IsIdempotent checks that applying a projection twice gives the same result
// as once, and that a malformed document does not cause a panic.
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
