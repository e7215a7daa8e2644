package bsonvalue_test

import (
	"errors"
	"testing"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// Numbers of each type, in canonical Extended JSON.
const (
	maxInt  = `{"$numberInt":"2147483647"}`
	minInt  = `{"$numberInt":"-2147483648"}`
	maxLong = `{"$numberLong":"9223372036854775807"}`
	minLong = `{"$numberLong":"-9223372036854775808"}`
)

func num(n string) string    { return `{"$numberInt":"` + n + `"}` }
func long(n string) string   { return `{"$numberLong":"` + n + `"}` }
func double(n string) string { return `{"$numberDouble":"` + n + `"}` }

type calculation struct {
	a, b, want string
	err        error
}

func TestAdd_HasTheTypeThatIncMakes(t *testing.T) {
	check(t, "+", bsonvalue.Add, []calculation{
		{a: num("1"), b: num("2"), want: num("3")},
		{a: num("1"), b: num("-2"), want: num("-1")},
		{a: num("0"), b: num("0"), want: num("0")},
		{a: num("1"), b: long("2"), want: long("3")},
		{a: long("-1"), b: long("1"), want: long("0")},
		{a: maxInt, b: num("0"), want: maxInt},
		{a: maxInt, b: num("1"), want: long("2147483648")},
		{a: minInt, b: num("-1"), want: long("-2147483649")},
		{a: minInt, b: num("1"), want: num("-2147483647")},
		{a: long("2147483646"), b: num("1"), want: long("2147483647")},
		{a: maxLong, b: num("0"), want: maxLong},
		{a: minLong, b: num("0"), want: minLong},
		{a: maxLong, b: minLong, want: long("-1")},
		{a: maxLong, b: num("1"), err: bsonvalue.ErrOverflow},
		{a: num("1"), b: maxLong, err: bsonvalue.ErrOverflow},
		{a: minLong, b: num("-1"), err: bsonvalue.ErrOverflow},
		{a: minLong, b: minLong, err: bsonvalue.ErrOverflow},
		{a: num("1"), b: double("0.5"), want: double("1.5")},
		{a: double("0.5"), b: long("2"), want: double("2.5")},
		{a: double("1.0"), b: double("2.0"), want: double("3.0")},
		{a: double("1e308"), b: double("1e308"), want: double("Infinity")},
		{a: double("Infinity"), b: double("-Infinity"), want: double("NaN")},
		{a: maxLong, b: double("1.0"), want: double("9.223372036854776E+18")},
		{a: `{"$numberDecimal":"1"}`, b: num("1"), err: bsonvalue.ErrDecimal},
		{a: num("1"), b: `{"$numberDecimal":"1"}`, err: bsonvalue.ErrDecimal},
		{a: `"1"`, b: num("1"), err: bsonvalue.ErrNotNumber},
		{a: num("1"), b: `null`, err: bsonvalue.ErrNotNumber},
		{a: `{"$numberDecimal":"1"}`, b: `true`, err: bsonvalue.ErrNotNumber},
		{a: `{"$date":{"$numberLong":"1"}}`, b: num("1"), err: bsonvalue.ErrNotNumber},
	})
}

func TestMultiply_HasTheTypeThatMulMakes(t *testing.T) {
	check(t, "×", bsonvalue.Multiply, []calculation{
		{a: num("3"), b: num("-2"), want: num("-6")},
		{a: num("0"), b: minLong, want: long("0")},
		{a: maxLong, b: num("0"), want: long("0")},
		{a: num("3"), b: long("2"), want: long("6")},
		{a: num("65536"), b: num("32768"), want: long("2147483648")},
		{a: num("65536"), b: num("-32768"), want: minInt},
		{a: minInt, b: num("-1"), want: long("2147483648")},
		{a: maxLong, b: num("-1"), want: long("-9223372036854775807")},
		{a: minLong, b: num("1"), want: minLong},
		{a: minLong, b: num("-1"), err: bsonvalue.ErrOverflow},
		{a: num("-1"), b: minLong, err: bsonvalue.ErrOverflow},
		{a: minLong, b: minLong, err: bsonvalue.ErrOverflow},
		{a: maxLong, b: num("2"), err: bsonvalue.ErrOverflow},
		{a: maxLong, b: maxLong, err: bsonvalue.ErrOverflow},
		{a: long("4294967296"), b: long("2147483648"), err: bsonvalue.ErrOverflow},
		{a: long("-4294967296"), b: long("2147483648"), want: minLong},
		{a: long("4294967296"), b: long("-2147483648"), want: minLong},
		{a: num("3"), b: double("0.5"), want: double("1.5")},
		{a: double("-0.5"), b: long("3"), want: double("-1.5")},
		{a: double("Infinity"), b: num("0"), want: double("NaN")},
		{a: num("2"), b: `{"$numberDecimal":"1"}`, err: bsonvalue.ErrDecimal},
		{a: `[2]`, b: num("1"), err: bsonvalue.ErrNotNumber},
		{a: num("1"), b: `{}`, err: bsonvalue.ErrNotNumber},
	})
}

func check(t *testing.T, name string, operate func(a, b bsonvalue.Value) (bsonvalue.Value, error), rows []calculation) {
	t.Helper()
	for _, row := range rows {
		v, err := operate(parse(t, row.a), parse(t, row.b))
		got := ""
		if err == nil {
			text, _ := v.JSON()
			got = string(text)
		}
		if got != row.want || !errors.Is(err, row.err) {
			t.Errorf("%s %s %s = %s, %v; want %s, %v", row.a, name, row.b, got, err, row.want, row.err)
		}
	}
}

func TestWhole_AcceptsDoublesWithoutAFraction(t *testing.T) {
	for _, row := range []struct {
		text        string
		whole       int64
		isWhole     bool
		truncated   int64
		isTruncated bool
	}{
		{num("-3"), -3, true, -3, true},
		{maxLong, 9223372036854775807, true, 9223372036854775807, true},
		{double("3.0"), 3, true, 3, true},
		{double("-3.7"), 0, false, -3, true},
		{double("3.7"), 0, false, 3, true},
		{double("4e18"), 4e18, true, 4e18, true},
		{double("5e18"), 0, false, 0, false},
		{double("NaN"), 0, false, 0, false},
		{double("Infinity"), 0, false, 0, false},
		{`{"$numberDecimal":"3"}`, 0, false, 0, false},
		{`"3"`, 0, false, 0, false},
		{`null`, 0, false, 0, false},
	} {
		v := parse(t, row.text)
		if n, ok := v.Whole(); ok != row.isWhole || ok && n != row.whole {
			t.Errorf("Whole of %s = %d, %t; want %d, %t", row.text, n, ok, row.whole, row.isWhole)
		}
		if n, ok := v.Truncated(); ok != row.isTruncated || ok && n != row.truncated {
			t.Errorf("Truncated of %s = %d, %t; want %d, %t", row.text, n, ok, row.truncated, row.isTruncated)
		}
	}
}
