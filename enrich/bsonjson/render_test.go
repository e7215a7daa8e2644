package bsonjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

var formats = []bsonjson.Format{bsonjson.Plain, bsonjson.Relaxed, bsonjson.Canonical, bsonjson.AppServices}

func marshal(t testing.TB, doc any) []byte {
	t.Helper()
	b, err := bson.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func objectID(t testing.TB, hex string) bson.ObjectID {
	t.Helper()
	id, err := bson.ObjectIDFromHex(hex)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func decimal(t testing.TB, text string) bson.Decimal128 {
	t.Helper()
	d, err := bson.ParseDecimal128(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A golden is one value and its JSON in each format. An empty format means the same as the
// format before it: app-services the same as canonical, canonical as relaxed, and relaxed
// as plain.
type golden struct {
	name                                   string
	value                                  any
	plain, relaxed, canonical, appServices string
}

func (g golden) want(format bsonjson.Format) string {
	upTo := map[bsonjson.Format]int{bsonjson.Plain: 1, bsonjson.Relaxed: 2, bsonjson.Canonical: 3, bsonjson.AppServices: 4}[format]
	want := ""
	for _, text := range []string{g.plain, g.relaxed, g.canonical, g.appServices}[:upTo] {
		if text != "" {
			want = text
		}
	}
	return want
}

func goldens(t testing.TB) []golden {
	oid := objectID(t, "62efedca3587e6e83c0fc675")
	uuid := []byte{0x73, 0xff, 0xd2, 0x64, 0x44, 0xb3, 0x4c, 0x69, 0x90, 0xe8, 0xe7, 0xd1, 0xdf, 0xc0, 0x35, 0xd4}
	day := time.Date(2012, 12, 24, 12, 15, 30, 0, time.UTC)
	return []golden{
		{name: "string", value: "a<b>&\u2028\"\\\n\x01é😀", plain: "\"a<b>&\u2028\\\"\\\\\\n\\u0001é😀\""},
		{name: "string with NUL", value: "a\x00b", plain: `"a\u0000b"`},
		{name: "bool", value: true, plain: `true`},
		{name: "null", value: nil, plain: `null`},
		{name: "array", value: bson.A{"a", false, bson.A{}}, plain: `["a",false,[]]`},
		{name: "document", value: bson.D{{Key: "b", Value: "1"}, {Key: "a", Value: bson.D{}}}, plain: `{"b":"1","a":{}}`},
		{name: "ObjectId", value: oid, plain: `"62efedca3587e6e83c0fc675"`, relaxed: `{"$oid":"62efedca3587e6e83c0fc675"}`, appServices: `"62efedca3587e6e83c0fc675"`},
		{name: "Int32", value: int32(13), plain: `13`, canonical: `{"$numberInt":"13"}`},
		{name: "Int64", value: int64(2), plain: `2`, canonical: `{"$numberLong":"2"}`},
		{name: "Int64 of 2^53", value: int64(1 << 53), plain: `9007199254740992`, canonical: `{"$numberLong":"9007199254740992"}`},
		{name: "Int64 over 2^53", value: int64(1<<53 + 1), plain: `"9007199254740993"`, relaxed: `9007199254740993`, canonical: `{"$numberLong":"9007199254740993"}`},
		{name: "Int64 under -2^53", value: int64(math.MinInt64), plain: `"-9223372036854775808"`, relaxed: `-9223372036854775808`, canonical: `{"$numberLong":"-9223372036854775808"}`},
		{name: "Double", value: 70.5, plain: `70.5`, canonical: `{"$numberDouble":"70.5"}`},
		{name: "integral Double", value: 1.0, plain: `1`, relaxed: `1.0`, canonical: `{"$numberDouble":"1.0"}`},
		{name: "large Double", value: 1e22, plain: `1e+22`, relaxed: `1E+22`, canonical: `{"$numberDouble":"1E+22"}`},
		{name: "shortest Double", value: 0.1, plain: `0.1`, canonical: `{"$numberDouble":"0.1"}`},
		{name: "NaN", value: math.NaN(), plain: `"NaN"`, relaxed: `{"$numberDouble":"NaN"}`},
		{name: "Infinity", value: math.Inf(1), plain: `"Infinity"`, relaxed: `{"$numberDouble":"Infinity"}`},
		{name: "-Infinity", value: math.Inf(-1), plain: `"-Infinity"`, relaxed: `{"$numberDouble":"-Infinity"}`},
		{name: "Decimal128", value: decimal(t, "9.99"), plain: `"9.99"`, relaxed: `{"$numberDecimal":"9.99"}`},
		{name: "Date", value: bson.NewDateTimeFromTime(day.Add(501 * time.Millisecond)), plain: `"2012-12-24T12:15:30.501Z"`, relaxed: `{"$date":"2012-12-24T12:15:30.501Z"}`, canonical: `{"$date":{"$numberLong":"1356351330501"}}`},
		{name: "Date of half a second", value: bson.NewDateTimeFromTime(day.Add(500 * time.Millisecond)), plain: `"2012-12-24T12:15:30.500Z"`, relaxed: `{"$date":"2012-12-24T12:15:30.500Z"}`, canonical: `{"$date":{"$numberLong":"1356351330500"}}`},
		{name: "Date of a whole second", value: bson.NewDateTimeFromTime(day), plain: `"2012-12-24T12:15:30.000Z"`, relaxed: `{"$date":"2012-12-24T12:15:30Z"}`, canonical: `{"$date":{"$numberLong":"1356351330000"}}`},
		{name: "Date before 1970", value: bson.DateTime(-1), plain: `"1969-12-31T23:59:59.999Z"`, relaxed: `{"$date":{"$numberLong":"-1"}}`},
		{name: "Date after 9999", value: bson.DateTime(253402300800000), plain: `{"$date":{"$numberLong":"253402300800000"}}`},
		{name: "Date before 0", value: bson.DateTime(math.MinInt64), plain: `{"$date":{"$numberLong":"-9223372036854775808"}}`},
		{name: "Binary", value: bson.Binary{Data: []byte{0xff, 0xef}}, plain: `"/+8="`, relaxed: `{"$binary":{"base64":"/+8=","subType":"00"}}`},
		{name: "Binary of the old subtype", value: bson.Binary{Subtype: 2, Data: []byte("ab")}, plain: `"YWI="`, relaxed: `{"$binary":{"base64":"YWI=","subType":"02"}}`},
		{name: "UUID", value: bson.Binary{Subtype: 4, Data: uuid}, plain: `"73ffd264-44b3-4c69-90e8-e7d1dfc035d4"`, relaxed: `{"$binary":{"base64":"c//SZESzTGmQ6OfR38A11A==","subType":"04"}}`},
		{name: "old UUID", value: bson.Binary{Subtype: 3, Data: uuid}, plain: `"c//SZESzTGmQ6OfR38A11A=="`, relaxed: `{"$binary":{"base64":"c//SZESzTGmQ6OfR38A11A==","subType":"03"}}`},
		{name: "short UUID", value: bson.Binary{Subtype: 4, Data: []byte("ab")}, plain: `"YWI="`, relaxed: `{"$binary":{"base64":"YWI=","subType":"04"}}`},
		{name: "regex", value: bson.Regex{Pattern: `^"<`, Options: "xi"}, plain: `{"$regularExpression":{"pattern":"^\"<","options":"ix"}}`},
		{name: "timestamp", value: bson.Timestamp{T: 1, I: 2}, plain: `{"$timestamp":{"t":1,"i":2}}`},
		{name: "min key", value: bson.MinKey{}, plain: `{"$minKey":1}`},
		{name: "max key", value: bson.MaxKey{}, plain: `{"$maxKey":1}`},
		{name: "undefined", value: bson.Undefined{}, plain: `{"$undefined":true}`},
		{name: "symbol", value: bson.Symbol(`a"b`), plain: `{"$symbol":"a\"b"}`},
		{name: "code", value: bson.JavaScript("x<1"), plain: `{"$code":"x<1"}`},
		{name: "code with scope", value: bson.CodeWithScope{Code: "f()", Scope: bson.D{{Key: "x", Value: int32(1)}, {Key: "id", Value: oid}}},
			plain:       `{"$code":"f()","$scope":{"x":1,"id":{"$oid":"62efedca3587e6e83c0fc675"}}}`,
			canonical:   `{"$code":"f()","$scope":{"x":{"$numberInt":"1"},"id":{"$oid":"62efedca3587e6e83c0fc675"}}}`,
			appServices: `{"$code":"f()","$scope":{"x":{"$numberInt":"1"},"id":"62efedca3587e6e83c0fc675"}}`},
		{name: "DBPointer", value: bson.DBPointer{DB: `a"b`, Pointer: oid}, plain: `{"$dbPointer":{"$ref":"a\"b","$id":{"$oid":"62efedca3587e6e83c0fc675"}}}`},
	}
}

func TestRender_WritesEveryTypeInEveryFormat(t *testing.T) {
	for _, g := range goldens(t) {
		doc := marshal(t, bson.D{{Key: "v", Value: g.value}, {Key: "in", Value: bson.A{g.value}}})
		for _, format := range formats {
			want := `{"v":` + g.want(format) + `,"in":[` + g.want(format) + `]}`
			got, err := bsonjson.Render(doc, format)
			if err != nil || string(got) != want {
				t.Errorf("Render of %s as %s = %s, %v; want %s", g.name, format, got, err, want)
			}
		}
	}
}

// The driver writes Extended JSON as specified, with two exceptions.
func TestRender_ExtendedJSONEqualsTheDrivers(t *testing.T) {
	for _, g := range goldens(t) {
		switch g.name {
		case "DBPointer":
			continue // the driver does not escape its namespace
		case "Date of half a second":
			continue // the driver writes .5 where the specification has three decimal places
		}
		doc := bson.D{{Key: "v", Value: g.value}}
		for format, canonical := range map[bsonjson.Format]bool{bsonjson.Relaxed: false, bsonjson.Canonical: true} {
			want, err := bson.MarshalExtJSON(doc, canonical, false)
			if err != nil {
				t.Fatal(err)
			}
			want = bytes.ReplaceAll(want, []byte(`\u2028`), []byte("\u2028"))
			if got, err := bsonjson.Render(marshal(t, doc), format); err != nil || !bytes.Equal(got, want) {
				t.Errorf("Render of %s as %s = %s, %v; want %s, as the driver writes it", g.name, format, got, err, want)
			}
		}
	}
}

func TestRender_ZeroFormatIsPlain(t *testing.T) {
	doc := marshal(t, bson.D{{Key: "n", Value: int32(1)}})
	if got, err := bsonjson.Render(doc, ""); err != nil || string(got) != `{"n":1}` {
		t.Errorf("Render of the zero format = %s, %v; want {\"n\":1}", got, err)
	}
}

func nested(levels int) bson.D {
	doc := bson.D{}
	for range levels - 1 {
		doc = bson.D{{Key: "d", Value: doc}}
	}
	return doc
}

func TestRender_ReportsUndecodableDocuments(t *testing.T) {
	good := marshal(t, bson.D{{Key: "secret", Value: "word"}})
	tests := map[string][]byte{
		"duplicate name":      marshal(t, bson.D{{Key: "secret", Value: 1}, {Key: "secret", Value: 2}}),
		"nested duplicate":    marshal(t, bson.D{{Key: "a", Value: bson.A{bson.D{{Key: "secret", Value: 1}, {Key: "secret", Value: 2}}}}}),
		"text not UTF-8":      marshal(t, bson.D{{Key: "a", Value: "secret\xff"}}),
		"name not UTF-8":      marshal(t, bson.D{{Key: "secret\xff", Value: 1}}),
		"pattern not UTF-8":   marshal(t, bson.D{{Key: "a", Value: bson.Regex{Pattern: "secret\xff"}}}),
		"options not UTF-8":   bytes.Replace(marshal(t, bson.D{{Key: "a", Value: bson.Regex{Options: "imsx"}}}), []byte("imsx"), []byte("ims\xff"), 1),
		"too deep":            marshal(t, nested(201)),
		"empty":               nil,
		"cut off":             good[:len(good)-1],
		"longer than it says": append(bytes.Clone(good), 0),
		"unknown type":        bytes.Replace(good, []byte("\x02secret"), []byte("\x42secret"), 1),
		"string too long":     bytes.Replace(good, []byte{5, 0, 0, 0, 'w'}, []byte{255, 255, 255, 127, 'w'}, 1),
	}
	for name, doc := range tests {
		for _, format := range formats {
			got, err := bsonjson.Render(doc, format)
			if !errors.Is(err, enrich.ErrUndecodable) || got != nil {
				t.Errorf("%s: Render as %s = %s, %v; want %v", name, format, got, err, enrich.ErrUndecodable)
			} else if strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: Render returned the error %q, want one that does not quote the document", name, err)
			}
		}
	}
	if _, err := bsonjson.Render(marshal(t, nested(200)), bsonjson.Plain); err != nil {
		t.Errorf("Render of 200 levels = %v, want no error", err)
	}
}

// FuzzRender checks that the result for any bytes is an error that wraps ErrUndecodable, or
// valid JSON on one line without a duplicate name.
func FuzzRender(f *testing.F) {
	for _, g := range goldens(f) {
		f.Add(marshal(f, bson.D{{Key: "v", Value: g.value}, {Key: "in", Value: bson.A{g.value}}}))
	}
	f.Add(marshal(f, nested(300)))
	f.Fuzz(func(t *testing.T, doc []byte) {
		bsonjson.DocumentID(doc)
		bsonjson.CompareIDs(doc, doc)
		for _, format := range formats {
			got, err := bsonjson.Render(doc, format)
			if err != nil {
				if !errors.Is(err, enrich.ErrUndecodable) {
					t.Errorf("Render(%x) as %s = %v, want an error that wraps ErrUndecodable", doc, format, err)
				}
				continue
			}
			if !json.Valid(got) || bytes.ContainsAny(got, "\n\r") {
				t.Errorf("Render(%x) as %s = %q, want valid JSON on one line", doc, format, got)
			}
			if name, twice := duplicate(json.NewDecoder(bytes.NewReader(got))); twice {
				t.Errorf("Render(%x) as %s = %s, want the name %q only once", doc, format, got, name)
			}
		}
	})
}

// duplicate finds a member name that an object in the next value has twice.
func duplicate(d *json.Decoder) (name string, twice bool) {
	token, err := d.Token()
	if err != nil {
		return "", false
	}
	seen := map[string]bool{}
	for d.More() && (token == json.Delim('{') || token == json.Delim('[')) {
		if token == json.Delim('{') {
			key, _ := d.Token()
			if seen[key.(string)] {
				return key.(string), true
			}
			seen[key.(string)] = true
		}
		if name, twice = duplicate(d); twice {
			return name, true
		}
	}
	if token == json.Delim('{') || token == json.Delim('[') {
		_, _ = d.Token()
	}
	return "", false
}

func TestParse_ReadsExtendedAndPlainJSON(t *testing.T) {
	tests := []struct{ in, want string }{
		{`{"a":1,"b":"x"}`, `{"a":{"$numberInt":"1"},"b":"x"}`},
		{`{"a":1.0,"n":9007199254740993}`, `{"a":{"$numberDouble":"1.0"},"n":{"$numberLong":"9007199254740993"}}`},
		{`{"_id":{"$oid":"62efedca3587e6e83c0fc675"}}`, `{"_id":{"$oid":"62efedca3587e6e83c0fc675"}}`},
		{`{"at":{"$date":"1970-01-01T00:00:01Z"}}`, `{"at":{"$date":{"$numberLong":"1000"}}}`},
		{`{"at":{"$date":{"$numberLong":"1000"}}}`, `{"at":{"$date":{"$numberLong":"1000"}}}`},
	}
	for _, tt := range tests {
		doc, err := bsonjson.Parse([]byte(tt.in))
		if err != nil {
			t.Errorf("Parse(%s): %v", tt.in, err)
			continue
		}
		if got, err := bsonjson.Render(doc, bsonjson.Canonical); err != nil || string(got) != tt.want {
			t.Errorf("Parse(%s) = %s, %v; want %s", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{``, `null`, `[]`, `"secret"`, `{"secret"}`, `{"_id":{"$oid":"secret"}}`, `{"secret\u0000":1}`} {
		doc, err := bsonjson.Parse([]byte(in))
		if !errors.Is(err, enrich.ErrUndecodable) || strings.Contains(err.Error(), "secret") {
			t.Errorf("Parse(%s) = %x, %v; want %v without quoting the document", in, doc, err, enrich.ErrUndecodable)
		}
	}
}
