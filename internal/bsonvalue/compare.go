package bsonvalue

import (
	"bytes"
	"cmp"
	"math"
	"math/big"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Equal reports whether MongoDB takes two values for the same: numbers are compared by
// value, whatever their type, and the order of fields counts. A missing value equals only
// a missing one.
func Equal(a, b Value) bool {
	order, ok := Compare(a, b)
	return ok && order == 0
}

// Compare returns the order of two values of one kind, and false if they are of different
// kinds, or of a kind that has no order here.
func Compare(a, b Value) (order int, ok bool) {
	if a.Kind() != b.Kind() {
		return 0, false
	}
	switch x := a.v.(type) {
	case nil:
		return 0, true
	case bool:
		return compareBools(x, b.v.(bool)), true
	case bson.D:
		return compareDocuments(a, b)
	case bson.A:
		return compareArrays(x, b.v.(bson.A))
	case bson.ObjectID:
		y := b.v.(bson.ObjectID)
		return bytes.Compare(x[:], y[:]), true
	case bson.DateTime:
		return cmp.Compare(x, b.v.(bson.DateTime)), true
	case bson.Binary:
		return compareBinaries(x, b.v.(bson.Binary)), true
	}
	switch a.Kind() {
	case IsNull:
		return 0, true
	case Number:
		return compareNumbers(a.v, b.v)
	case String:
		x, _ := a.Text()
		y, _ := b.Text()
		return strings.Compare(x, y), true
	}
	return compareOthers(a, b)
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// compareNumbers compares exactly, also Int64s that a Double cannot hold. NaN is equal to
// itself and less than any other number, as in MongoDB.
func compareNumbers(a, b any) (order int, ok bool) {
	if x, isInt := whole(a); isInt {
		if y, isInt := whole(b); isInt {
			return cmp.Compare(x, y), true
		}
	}
	x, xSpecial, okX := exact(a)
	y, ySpecial, okY := exact(b)
	switch {
	case !okX || !okY:
		return 0, false
	case xSpecial != 0 || ySpecial != 0:
		return cmp.Compare(xSpecial, ySpecial), true
	}
	return x.Cmp(y), true
}

func whole(n any) (int64, bool) {
	switch n := n.(type) {
	case int32:
		return int64(n), true
	case int64:
		return n, true
	}
	return 0, false
}

// Numbers that are not finite, in their order among all others, which are 0.
const (
	isNaN    = -2
	minusInf = -1
	plusInf  = 1
)

// maxExponent bounds the exponent of a Decimal128 that is compared, because each step of it
// is a digit in memory.
const maxExponent = 400

// exact returns a number as a fraction, or says which number that is not finite it is.
func exact(n any) (r *big.Rat, special int, ok bool) {
	switch n := n.(type) {
	case int32:
		return new(big.Rat).SetInt64(int64(n)), 0, true
	case int64:
		return new(big.Rat).SetInt64(n), 0, true
	case float64:
		switch {
		case math.IsNaN(n):
			return nil, isNaN, true
		case math.IsInf(n, 1):
			return nil, plusInf, true
		case math.IsInf(n, -1):
			return nil, minusInf, true
		}
		return new(big.Rat).SetFloat64(n), 0, true
	case bson.Decimal128:
		return exactDecimal(n)
	}
	return nil, 0, false
}

func exactDecimal(n bson.Decimal128) (r *big.Rat, special int, ok bool) {
	switch {
	case n.IsNaN():
		return nil, isNaN, true
	case n.IsInf() != 0:
		return nil, n.IsInf(), true
	}
	digits, exponent, err := n.BigInt()
	if err != nil || exponent > maxExponent || exponent < -maxExponent {
		return nil, 0, false
	}
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(exponent, -exponent))), nil)
	if exponent < 0 {
		return new(big.Rat).SetFrac(digits, power), 0, true
	}
	return new(big.Rat).SetInt(digits.Mul(digits, power)), 0, true
}

func compareDocuments(a, b Value) (order int, ok bool) {
	x, y := a.v.(bson.D), b.v.(bson.D)
	for i := range min(len(x), len(y)) {
		if order := strings.Compare(x[i].Key, y[i].Key); order != 0 {
			return order, true
		}
		order, ok := Compare(Value{x[i].Value}, Value{y[i].Value})
		if !ok || order != 0 {
			return order, ok
		}
	}
	return cmp.Compare(len(x), len(y)), true
}

func compareArrays(x, y bson.A) (order int, ok bool) {
	for i := range min(len(x), len(y)) {
		order, ok := Compare(Value{x[i]}, Value{y[i]})
		if !ok || order != 0 {
			return order, ok
		}
	}
	return cmp.Compare(len(x), len(y)), true
}

func compareBinaries(x, y bson.Binary) int {
	return cmp.Or(cmp.Compare(len(x.Data), len(y.Data)), cmp.Compare(x.Subtype, y.Subtype), bytes.Compare(x.Data, y.Data))
}

// compareOthers compares values of rare types by their Extended JSON. They are equal or
// have no order.
func compareOthers(a, b Value) (order int, ok bool) {
	x, errX := a.JSON()
	y, errY := b.JSON()
	return 0, errX == nil && errY == nil && bytes.Equal(x, y)
}
