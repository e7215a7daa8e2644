package bsonjson_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

func TestField_FindsTheIDsThatAMongoDBQueryFinds(t *testing.T) {
	tests := []struct {
		path, doc string
		want      int // ids found
	}{
		{"f", `{"f":"u"}`, 1},
		{"f", `{"g":"u"}`, 0},
		{"f", `{"f":["u","v",{"f":"w"},["x"]]}`, 2},
		{"a.b", `{"a":{"b":"u"}}`, 1},
		{"a.b", `{"a.b":"u"}`, 0},
		{"a.b", `{"a":{"b":["u","v"]}}`, 2},
		{"a.b", `{"a":[{"b":"u"},{"c":"v"},{"b":"w"},"b",[{"b":"x"}]]}`, 2},
		{"a.1", `{"a":["u","v"]}`, 1},
		{"a.1.b", `{"a":[{"b":"u"},{"b":"v"}]}`, 1},
		{"a.b.c", `{"a":{"b":"u"}}`, 0},
		{"_id", `{"_id":"u"}`, 1},
	}
	for _, tt := range tests {
		field, err := bsonjson.NewField(tt.path)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := bsonjson.Parse([]byte(tt.doc))
		if err != nil {
			t.Fatal(err)
		}
		if got := field.UserIDs(doc); len(got) != tt.want {
			t.Errorf("field %s of %s has %d user ids, want %d", tt.path, tt.doc, len(got), tt.want)
		}
	}
	for _, path := range []string{"", ".", "a.", "a..b", "$where", "a\x00b"} {
		if _, err := bsonjson.NewField(path); err == nil {
			t.Errorf("NewField(%q) has no error, want one", path)
		}
	}
}
