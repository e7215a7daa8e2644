package jsonvalue_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/jsonvalue"
)

func parse(t testing.TB, text string) jsonvalue.Value {
	t.Helper()
	v, err := jsonvalue.Parse([]byte(text))
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	return v
}

// The examples are those of RFC 7396, appendix A.
func TestMerge_IsThatOfTheRFC(t *testing.T) {
	for _, tt := range [][3]string{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`["a","b"]`, `["c","d"]`, `["c","d"]`},
		{`{"a":"b"}`, `["c"]`, `["c"]`},
		{`{"a":"foo"}`, `null`, `null`},
		{`{"a":"foo"}`, `"bar"`, `"bar"`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
	} {
		target, patch := parse(t, tt[0]), parse(t, tt[1])
		if got := string(jsonvalue.Merge(target, patch).Append(nil)); got != tt[2] {
			t.Errorf("Merge(%s, %s) = %s, want %s", tt[0], tt[1], got, tt[2])
		}
		if got := string(target.Append(nil)); got != tt[0] {
			t.Errorf("Merge changed its target %s to %s", tt[0], got)
		}
	}
}

// Most examples are those of RFC 6902, appendix A. A want of "!" means an ErrTest, "" another
// error.
func TestPatch_IsThatOfTheRFC(t *testing.T) {
	for _, tt := range [][3]string{
		{`{"foo":"bar"}`, `[{"op":"add","path":"/baz","value":"qux"}]`, `{"foo":"bar","baz":"qux"}`},
		{`{"foo":["bar","baz"]}`, `[{"op":"add","path":"/foo/1","value":"qux"}]`, `{"foo":["bar","qux","baz"]}`},
		{`{"baz":"qux","foo":"bar"}`, `[{"op":"remove","path":"/baz"}]`, `{"foo":"bar"}`},
		{`{"foo":["bar","qux","baz"]}`, `[{"op":"remove","path":"/foo/1"}]`, `{"foo":["bar","baz"]}`},
		{`{"baz":"qux","foo":"bar"}`, `[{"op":"replace","path":"/baz","value":"boo"}]`, `{"baz":"boo","foo":"bar"}`},
		{`{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}`, `[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]`, `{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}`},
		{`{"foo":["all","grass","cows","eat"]}`, `[{"op":"move","from":"/foo/1","path":"/foo/3"}]`, `{"foo":["all","cows","eat","grass"]}`},
		{`{"baz":"qux","foo":["a",2,"c"]}`, `[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]`, `{"baz":"qux","foo":["a",2,"c"]}`},
		{`{"baz":"qux"}`, `[{"op":"test","path":"/baz","value":"bar"}]`, "!"},
		{`{"foo":"bar"}`, `[{"op":"add","path":"/child","value":{"grandchild":{}}}]`, `{"foo":"bar","child":{"grandchild":{}}}`},
		{`{"foo":"bar"}`, `[{"op":"add","path":"/baz","value":"qux","xyz":123}]`, `{"foo":"bar","baz":"qux"}`},
		{`{"foo":"bar"}`, `[{"op":"add","path":"/baz/bat","value":"qux"}]`, "!"},
		{`{"/":9,"~1":10}`, `[{"op":"test","path":"/~01","value":10}]`, `{"/":9,"~1":10}`},
		{`{"/":9,"~1":10}`, `[{"op":"test","path":"/~01","value":"10"}]`, "!"},
		{`{"foo":["bar"]}`, `[{"op":"add","path":"/foo/-","value":["abc","def"]}]`, `{"foo":["bar",["abc","def"]]}`},

		{`{"a":1}`, `[{"op":"add","path":"","value":[1]}]`, `[1]`},
		{`{"":1}`, `[{"op":"replace","path":"/","value":2}]`, `{"":2}`},
		{`{"a":{"b":1}}`, `[{"op":"copy","from":"/a","path":"/a/c"}]`, `{"a":{"b":1,"c":{"b":1}}}`},
		{`{"a":{"b":1}}`, `[{"op":"move","from":"/a","path":"/a/c"}]`, ""},
		{`{"a":1}`, `[{"op":"move","from":"/a","path":"/a"}]`, `{"a":1}`},
		{`{"a":9007199254740993}`, `[{"op":"test","path":"/a","value":9007199254740992}]`, "!"},
		{`{"a":1.0}`, `[{"op":"test","path":"/a","value":1e0}]`, `{"a":1.0}`},
		{`{"a":1}`, `[{"op":"remove","path":"/b"}]`, "!"},
		{`{"a":[1]}`, `[{"op":"remove","path":"/a/-"}]`, "!"},
		{`{"a":[1]}`, `[{"op":"add","path":"/a/+1","value":2}]`, "!"},
		{`{"a":1}`, `[{"op":"add","path":"/b"}]`, ""},
		{`{"a":1}`, `[{"op":"copy","path":"/b"}]`, ""},
		{`{"a":1}`, `[{"path":"/b"}]`, ""},
		{`{"a":1}`, `[1]`, ""},
		{`{"a":1}`, `{}`, ""},
	} {
		got, err := jsonvalue.Patch(parse(t, tt[0]), parse(t, tt[1]), 1000)
		switch {
		case tt[2] == "!" && !errors.Is(err, jsonvalue.ErrTest), tt[2] == "" && (err == nil || errors.Is(err, jsonvalue.ErrTest)):
			t.Errorf("Patch(%s, %s) = %s, %v; want an error", tt[0], tt[1], got.Append(nil), err)
		case len(tt[2]) > 1 && (err != nil || string(got.Append(nil)) != tt[2]):
			t.Errorf("Patch(%s, %s) = %s, %v; want %s", tt[0], tt[1], got.Append(nil), err, tt[2])
		}
	}
}

func TestPatch_IsBounded(t *testing.T) {
	double := strings.TrimSuffix(strings.Repeat(`{"op":"copy","from":"/a","path":"/a/-"},`, 200), ",")
	if _, err := jsonvalue.Patch(parse(t, `{"a":[1]}`), parse(t, "["+double+"]"), 10_000); !errors.Is(err, jsonvalue.ErrSize) {
		t.Errorf("Patch that copies an array into itself 200 times = %v, want %v", err, jsonvalue.ErrSize)
	}
	many := strings.TrimSuffix(strings.Repeat(`{"op":"test","path":"/a","value":1},`, jsonvalue.MaxOperations+1), ",")
	if _, err := jsonvalue.Patch(parse(t, `{"a":1}`), parse(t, "["+many+"]"), 10_000); err == nil {
		t.Errorf("Patch of %d operations has no error", jsonvalue.MaxOperations+1)
	}
}

func TestEqual_ComparesNumbersExactly(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{`1`, `1.0`, true}, {`100`, `1e2`, true}, {`9007199254740993`, `9007199254740992`, false}, {`-0`, `0`, true},
		{`1e400`, `10e399`, true}, {`1e999999999`, `1e999999998`, false}, {`1e999999999`, `1e999999999`, true},
		{`"1"`, `1`, false}, {`{"a":1,"b":2}`, `{"b":2,"a":1}`, true}, {`{"a":1}`, `{"a":1,"b":null}`, false},
		{`[1,2]`, `[2,1]`, false}, {`null`, `false`, false}, {`"\u0061"`, `"a"`, true},
	} {
		if got := jsonvalue.Equal(parse(t, tt.a), parse(t, tt.b)); got != tt.want {
			t.Errorf("Equal(%s, %s) = %t, want %t", tt.a, tt.b, got, tt.want)
		}
		if got := parse(t, tt.a).Key() == parse(t, tt.b).Key(); got != tt.want {
			t.Errorf("the keys of %s and %s are equal: %t, want %t", tt.a, tt.b, got, tt.want)
		}
	}
}

// FuzzParse_KeepsTheValue compares with encoding/json.
func FuzzParse_KeepsTheValue(f *testing.F) {
	for _, text := range []string{`{"a":[1,2.50,"x\u0000\ud83d\ude00",null,true],"<&>":{}}`, `{"a":1,"\u0061":2}`, `"\ud800"`, `1e5`, `[[[]]]`, `{"a":1}}`, `"�"`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := jsonvalue.Parse(text)
		if err != nil {
			return
		}
		written := v.Append(nil)
		again, err := jsonvalue.Parse(written)
		if err != nil || !jsonvalue.Equal(v, again) {
			t.Fatalf("%q was written as %q, which is read as another value (%v)", text, written, err)
		}
		var want, got any
		if json.Unmarshal(text, &want) == nil && json.Unmarshal(written, &got) == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%q was written as %q", text, written)
		}
	})
}
