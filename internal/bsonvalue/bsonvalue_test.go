package bsonvalue_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

func parse(t *testing.T, text string) bsonvalue.Value {
	t.Helper()
	v, err := bsonvalue.Parse([]byte(text))
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	return v
}

func TestParse_KeepsEveryTypeOfBSON(t *testing.T) {
	for _, text := range []string{
		`null`, `true`, `"a"`, `[]`, `{}`,
		`{"$numberInt":"13"}`, `{"$numberLong":"9007199254740993"}`, `{"$numberDouble":"1.5"}`, `{"$numberDouble":"NaN"}`, `{"$numberDecimal":"1.10"}`,
		`{"$oid":"62efedca3587e6e83c0fc675"}`, `{"$date":{"$numberLong":"1660000000000"}}`, `{"$binary":{"base64":"AQI=","subType":"00"}}`,
		`{"$timestamp":{"t":1,"i":2}}`, `{"$regularExpression":{"pattern":"a","options":"i"}}`, `{"$minKey":1}`, `{"$maxKey":1}`,
		`{"z":{"$numberInt":"1"},"a":[{"b":null},"<&>"]}`,
	} {
		got, err := parse(t, text).JSON()
		if err != nil || string(got) != text {
			t.Errorf("JSON of %s = %s, %v; want the same text", text, got, err)
		}
	}
}

func TestParse_RefusesWhatIsNotOneValue(t *testing.T) {
	for _, text := range []string{
		``, ` `, `{`, `1}`, `1},"w":{"a":2`, `1,"w":2`, `{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, `{"a":1,"\u0061":2}`,
		`{"$oid":"xyz"}`, `{"$numberInt":"1.5"}`, `{"$date":{}}`, "\"\xff",
		strings.Repeat("[", bsonvalue.MaxDepth+1) + strings.Repeat("]", bsonvalue.MaxDepth+1),
	} {
		if v, err := bsonvalue.Parse([]byte(text)); err == nil {
			got, _ := v.JSON()
			t.Errorf("Parse(%.40s) = %s, want an error", text, got)
		}
	}
}

func TestCompare_ComparesNumbersExactly(t *testing.T) {
	const (
		long    = `{"$numberLong":"9007199254740993"}`
		double  = `{"$numberDouble":"9007199254740992"}`
		nan     = `{"$numberDouble":"NaN"}`
		inf     = `{"$numberDouble":"Infinity"}`
		minus   = `{"$numberDouble":"-Infinity"}`
		decimal = `{"$numberDecimal":"0.1"}`
	)
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{`1`, `{"$numberDouble":"1"}`, 0},
		{`1`, `{"$numberLong":"1"}`, 0},
		{`1`, `{"$numberDecimal":"1.0"}`, 0},
		{long, double, 1},
		{`0.1`, decimal, 1}, // the Double is a little more
		{nan, nan, 0},
		{nan, minus, -1},
		{minus, `-1e308`, -1},
		{inf, long, 1},
		{inf, `{"$numberDecimal":"Infinity"}`, 0},
	} {
		if got, ok := bsonvalue.Compare(parse(t, tt.a), parse(t, tt.b)); !ok || got != tt.want {
			t.Errorf("Compare(%s, %s) = %d, %v; want %d, true", tt.a, tt.b, got, ok, tt.want)
		}
		if got, ok := bsonvalue.Compare(parse(t, tt.b), parse(t, tt.a)); !ok || got != -tt.want {
			t.Errorf("Compare(%s, %s) = %d, %v; want %d, true", tt.b, tt.a, got, ok, -tt.want)
		}
	}
}

func TestCompare_TellsKindsApart(t *testing.T) {
	texts := []string{`null`, `false`, `0`, `""`, `{}`, `[]`, `{"$oid":"000000000000000000000000"}`, `{"$date":{"$numberLong":"0"}}`, `{"$binary":{"base64":"","subType":"00"}}`, `{"$minKey":1}`}
	for i, a := range texts {
		for j, b := range texts {
			if got := bsonvalue.Equal(parse(t, a), parse(t, b)); got != (i == j) {
				t.Errorf("Equal(%s, %s) = %v", a, b, got)
			}
		}
		if bsonvalue.Equal(parse(t, a), bsonvalue.Value{}) {
			t.Errorf("Equal(%s, missing) = true", a)
		}
	}
	if !bsonvalue.Equal(bsonvalue.Value{}, bsonvalue.Value{}) {
		t.Error("Equal(missing, missing) = false")
	}
}

func TestCompare_GivesUpOnHugeExponents(t *testing.T) {
	huge := parse(t, `{"$numberDecimal":"1E+6000"}`)
	if _, ok := bsonvalue.Compare(huge, parse(t, `1`)); ok {
		t.Error("Compare(1E+6000, 1) has an order, want none: the number would take a digit of memory for each step")
	}
}

func TestLookup_GoesIntoDocumentsAndArrays(t *testing.T) {
	v := parse(t, `{"a":{"b":[{"c":"x"},"y"]},"n":null}`)
	for path, want := range map[string]string{
		"a.b.0.c": `"x"`, "a.b.1": `"y"`, "n": `null`,
		"a.b.2": ``, "a.b.c": ``, "a.b.-1": ``, "a.x": ``, "n.a": ``, "": ``, "a.b.0.c.d": ``,
	} {
		got := v.Lookup(path)
		if want == "" {
			if !got.IsMissing() {
				t.Errorf("Lookup(%q) is there, want missing", path)
			}
			continue
		}
		if text, err := got.JSON(); err != nil || string(text) != want {
			t.Errorf("Lookup(%q) = %s, %v; want %s", path, text, err, want)
		}
	}
}

func TestWith_LeavesTheOldDocumentAlone(t *testing.T) {
	old := parse(t, `{"a":"1","b":"2"}`)
	for _, tt := range []struct {
		name  string
		value bsonvalue.Value
		want  string
	}{
		{"a", bsonvalue.NewString("x"), `{"a":"x","b":"2"}`},
		{"c", bsonvalue.NewString("x"), `{"a":"1","b":"2","c":"x"}`},
		{"a", bsonvalue.Value{}, `{"b":"2"}`},
		{"c", bsonvalue.Value{}, `{"a":"1","b":"2"}`},
	} {
		if got, _ := old.With(tt.name, tt.value).JSON(); string(got) != tt.want {
			t.Errorf("With(%q) = %s, want %s", tt.name, got, tt.want)
		}
	}
	if got, _ := old.JSON(); string(got) != `{"a":"1","b":"2"}` {
		t.Errorf("the old document became %s", got)
	}
}

func TestBSON_IsReadAgain(t *testing.T) {
	doc, err := parse(t, `{"_id":{"$oid":"62efedca3587e6e83c0fc675"},"a":[{"$numberLong":"1"}]}`).BSON()
	if err != nil {
		t.Fatal(err)
	}
	v, err := bsonvalue.FromBSON(doc)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := v.JSON(); string(got) != `{"_id":{"$oid":"62efedca3587e6e83c0fc675"},"a":[{"$numberLong":"1"}]}` {
		t.Errorf("FromBSON = %s", got)
	}
	if _, err := bsonvalue.Null.BSON(); err == nil {
		t.Error("BSON of null has no error")
	}
}

// The text of a parsed value is that value again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5,"x",null]}`, `{"$oid":"62efedca3587e6e83c0fc675"}`, `1},"w":{`, `{"$numberDecimal":"1E+6000"}`, `{"$date":"2020-01-01T00:00:00Z"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := bsonvalue.Parse(text)
		if err != nil {
			return
		}
		written, err := v.JSON()
		if err != nil {
			t.Skip(err)
		}
		again, err := bsonvalue.Parse(written)
		if err != nil {
			t.Fatalf("Parse(%s) of the text of %s: %v", written, text, err)
		}
		rewritten, err := again.JSON()
		if err != nil || string(rewritten) != string(written) {
			t.Fatalf("the text of %s is %s, and then %s, %v", text, written, rewritten, err)
		}
	})
}
