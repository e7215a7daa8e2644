package bsonvalue

import (
	"errors"
	"math"
	"math/bits"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The reasons why two values have no sum or product.
var (
	ErrNotNumber = errors.New("it is not a number")
	ErrOverflow  = errors.New("the result does not fit in 64 bits")
	ErrDecimal   = errors.New("arithmetic with Decimal128 is not supported")
)

// Add returns a sum as $inc makes it. A sum of two Int32s that does not fit is an Int64,
// and a sum with a Double is a Double.
func Add(a, b Value) (Value, error) {
	return arithmetic(a, b, func(x, y float64) float64 { return x + y }, addInts)
}

// Multiply returns a product as $mul makes it, of a type as that of [Add].
func Multiply(a, b Value) (Value, error) {
	return arithmetic(a, b, func(x, y float64) float64 { return x * y }, multiplyInts)
}

func arithmetic(a, b Value, floats func(x, y float64) float64, ints func(x, y int64) (int64, bool)) (Value, error) {
	switch {
	case a.Kind() != Number || b.Kind() != Number:
		return Value{}, ErrNotNumber
	case isDecimal(a) || isDecimal(b):
		return Value{}, ErrDecimal
	}
	x, wholeX := whole(a.v)
	y, wholeY := whole(b.v)
	if !wholeX || !wholeY {
		return Value{floats(float(a.v), float(b.v))}, nil
	}
	n, ok := ints(x, y)
	if !ok {
		return Value{}, ErrOverflow
	}
	_, narrowX := a.v.(int32)
	_, narrowY := b.v.(int32)
	if narrowX && narrowY && n >= math.MinInt32 && n <= math.MaxInt32 {
		return Value{int32(n)}, nil
	}
	return Value{n}, nil
}

func isDecimal(v Value) bool {
	_, is := v.v.(bson.Decimal128)
	return is
}

func float(n any) float64 {
	if f, ok := n.(float64); ok {
		return f
	}
	i, _ := whole(n)
	return float64(i)
}

func addInts(x, y int64) (int64, bool) {
	sum := x + y
	return sum, (sum > x) == (y > 0)
}

func multiplyInts(x, y int64) (int64, bool) {
	high, low := bits.Mul64(magnitude(x), magnitude(y))
	switch negative := (x < 0) != (y < 0); {
	case high != 0, low > 1<<63, low == 1<<63 && !negative:
		return 0, false
	case negative:
		return -int64(low), true
	}
	return int64(low), true
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}
