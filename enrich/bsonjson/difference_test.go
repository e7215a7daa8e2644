package bsonjson_test

import (
	"errors"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

func TestDifference_NamesThePathsThatDiffer(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"nothing", `"a":1`, `"a":1`, ""},
		{"only the order", `"a":{"x":1,"y":2},"b":3`, `"b":3,"a":{"y":2,"x":1}`, ""},
		{"a value and a removed one", `"a":1,"b":2`, `"a":5`, `{"$set":{"a":{"$numberInt":"5"}},"$unset":{"b":""}}`},
		{"only the type of a number", `"a":1`, `"a":{"$numberLong":"1"}`, `{"$set":{"a":{"$numberLong":"1"}}}`},
		{"values within", `"a":{"x":1,"y":{"z":1}}`, `"a":{"x":2,"y":{}}`, `{"$set":{"a.x":{"$numberInt":"2"}},"$unset":{"a.y.z":""}}`},
		{"an array is one value", `"a":[1,2,3]`, `"a":[1,2]`, `{"$set":{"a":[{"$numberInt":"1"},{"$numberInt":"2"}]}}`},
		{"null is not missing", `"a":null`, ``, `{"$unset":{"a":""}}`},
		{"a name within with a dot", `"a":{"x.y":1,"k":3}`, `"a":{"x.y":5,"k":3}`, `{"$set":{"a":{"x.y":{"$numberInt":"5"},"k":{"$numberInt":"3"}}}}`},
		{"a name within with a dot, which does not differ", `"a":{"x.y":1,"k":3}`, `"a":{"x.y":1,"k":5}`, `{"$set":{"a.k":{"$numberInt":"5"}}}`},
		{"an empty name within", `"a":{"b":{"":1}}`, `"a":{"b":{}}`, `{"$set":{"a.b":{}}}`},
	}
	for _, tt := range tests {
		object := func(fields string) []byte {
			if fields != "" {
				fields = "," + fields
			}
			return parse(t, `{"_id":1`+fields+`}`)
		}
		update, err := bsonjson.Difference(object(tt.old), object(tt.new))
		got := ""
		if update != nil {
			got = textOf(t, update)
		}
		if err != nil || got != tt.want {
			t.Errorf("%s: Difference = %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
}

func TestDifference_RefusesWhatNoUpdateCanDo(t *testing.T) {
	old := parse(t, `{"_id":1,"f":"anna"}`)
	for name, want := range map[string]error{"a.b": bsonjson.ErrName, "": bsonjson.ErrName, "$set": bsonjson.ErrName} {
		doc, err := bson.Marshal(bson.D{{Key: "_id", Value: int32(1)}, {Key: "f", Value: "anna"}, {Key: name, Value: 1}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bsonjson.Difference(old, doc); !errors.Is(err, want) {
			t.Errorf("Difference with a new field %q = %v, want %v", name, err, want)
		}
		if _, err := bsonjson.Unchanged(doc, doc); !errors.Is(err, want) {
			t.Errorf("Unchanged with a field %q = %v, want %v", name, err, want)
		}
	}
	if update, err := bsonjson.Difference(old, parse(t, `{"_id":2,"f":"anna"}`)); err == nil {
		t.Errorf("Difference with another _id = %x, want an error", update)
	}
}

func parse(t *testing.T, object string) []byte {
	t.Helper()
	doc, err := bsonjson.Parse([]byte(object))
	if err != nil {
		t.Fatalf("Parse(%s): %v", object, err)
	}
	return doc
}

func textOf(t *testing.T, doc []byte) string {
	t.Helper()
	text, err := bsonjson.Render(doc, bsonjson.Canonical)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
