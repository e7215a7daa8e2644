package bsonvalue_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// inOrder has values as MongoDB sorts them. The values of one line are equal.
var inOrder = [][]string{
	{`{"$minKey":1}`},
	{`null`, `{"$undefined":true}`},
	{`{"$numberDouble":"NaN"}`, `{"$numberDecimal":"NaN"}`},
	{`{"$numberDouble":"-Infinity"}`, `{"$numberDecimal":"-Infinity"}`},
	{`{"$numberDouble":"-1e300"}`},
	{minLong},
	{`-1.5`, `{"$numberDecimal":"-1.50"}`},
	{`-1`, `{"$numberLong":"-1"}`, `{"$numberDouble":"-1.0"}`, `{"$numberDecimal":"-1"}`},
	{`0`, `{"$numberDouble":"-0.0"}`, `{"$numberDecimal":"0E+3"}`},
	{`{"$numberDecimal":"1E-3"}`},
	{`1`},
	{`{"$numberLong":"9007199254740992"}`, `{"$numberDouble":"9007199254740992"}`},
	{`{"$numberLong":"9007199254740993"}`, `{"$numberDecimal":"9007199254740993"}`},
	{maxLong},
	{`{"$numberDouble":"Infinity"}`},
	{`""`}, {`"A"`}, {`"a"`, `{"$symbol":"a"}`}, {`"aa"`}, {`"b"`}, {`"é"`},
	{`{}`}, {`{"b":null}`}, {`{"a":1}`}, {`{"a":1,"b":1}`}, {`{"a":2}`}, {`{"b":0}`}, {`{"a":"x"}`}, {`{"a":{"c":1}}`}, {`{"a":[]}`},
	{`[]`}, {`[null]`}, {`[1,2]`}, {`[2]`}, {`["x"]`}, {`[{}]`},
	{`{"$binary":{"base64":"AQ==","subType":"00"}}`}, {`{"$binary":{"base64":"/w==","subType":"00"}}`}, {`{"$binary":{"base64":"AQ==","subType":"04"}}`}, {`{"$binary":{"base64":"AAA=","subType":"00"}}`},
	{`{"$oid":"000000000000000000000001"}`}, {`{"$oid":"000000000000000000000100"}`},
	{`false`}, {`true`},
	{`{"$date":{"$numberLong":"-1"}}`}, {`{"$date":{"$numberLong":"0"}}`}, {`{"$date":{"$numberLong":"1660000000000"}}`},
	{`{"$timestamp":{"t":1,"i":1}}`}, {`{"$timestamp":{"t":1,"i":10}}`}, {`{"$timestamp":{"t":9,"i":1}}`}, {`{"$timestamp":{"t":10,"i":1}}`},
	{`{"$regularExpression":{"pattern":"a","options":""}}`}, {`{"$regularExpression":{"pattern":"a","options":"i"}}`}, {`{"$regularExpression":{"pattern":"a!","options":""}}`}, {`{"$regularExpression":{"pattern":"b","options":""}}`},
	{`{"$code":"a"}`}, {`{"$code":"b"}`},
	{`{"$maxKey":1}`},
}

func TestOrder_IsThatOfMongoDB(t *testing.T) {
	for i, equal := range inOrder {
		for j, others := range inOrder {
			for _, a := range equal {
				for _, b := range others {
					if got := bsonvalue.Order(parse(t, a), parse(t, b)); cmp.Compare(got, 0) != cmp.Compare(i, j) {
						t.Errorf("Order(%s, %s) = %d, want %d", a, b, got, cmp.Compare(i, j))
					}
				}
			}
		}
	}
}

func TestOrder_MissingIsLikeNull(t *testing.T) {
	for text, want := range map[string]int{`null`: 0, `{"$minKey":1}`: -1, `{"$numberDouble":"NaN"}`: 1, `""`: 1} {
		if got := cmp.Compare(bsonvalue.Order(parse(t, text), bsonvalue.Value{}), 0); got != want {
			t.Errorf("Order(%s, missing) = %d, want %d", text, got, want)
		}
	}
	if bsonvalue.Order(bsonvalue.Value{}, bsonvalue.Value{}) != 0 {
		t.Error("two missing values differ, want the same place")
	}
}

// Sorting any two lists of all values gives the same list.
func TestOrder_SortsInOneWay(t *testing.T) {
	var values []bsonvalue.Value
	for _, equal := range inOrder {
		values = append(values, parse(t, equal[0]))
	}
	want := texts(values)
	slices.Reverse(values)
	slices.SortStableFunc(values, bsonvalue.Order)
	if got := texts(values); !slices.Equal(got, want) {
		t.Errorf("sorted %q, want %q", got, want)
	}
}

func texts(values []bsonvalue.Value) (all []string) {
	for _, v := range values {
		text, _ := v.JSON()
		all = append(all, string(text))
	}
	return all
}
