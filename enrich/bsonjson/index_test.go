package bsonjson_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

func TestIsIndexedBy_RequiresTheFieldFirst(t *testing.T) {
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
