package bsonjson

import (
	"math/big"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// compareNumbers orders numbers of any BSON types by value. What is no
// [rational] comes first.
func compareNumbers(a, b bson.RawValue) int {
	x, y := rational(a), rational(b)
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		return -1
	case y == nil:
		return 1
	}
	return x.Cmp(y)
}

// rational is the exact value of a BSON number; nil for what has none: NaN,
// the infinities, and decimals of an exponent that no id has, which would take
// long to compare.
func rational(v bson.RawValue) *big.Rat {
	switch v.Type {
	case bson.TypeInt32:
		return new(big.Rat).SetInt64(int64(v.Int32()))
	case bson.TypeInt64:
		return new(big.Rat).SetInt64(v.Int64())
	case bson.TypeDouble:
		return new(big.Rat).SetFloat64(v.Double())
	case bson.TypeDecimal128:
		return decimal(v.Decimal128())
	}
	return nil
}

func decimal(d bson.Decimal128) *big.Rat {
	digits, exponent, err := d.BigInt()
	if err != nil || exponent < -64 || exponent > 64 {
		return nil
	}
	ten := big.NewInt(10)
	if exponent < 0 {
		return new(big.Rat).SetFrac(digits, ten.Exp(ten, big.NewInt(int64(-exponent)), nil))
	}
	return new(big.Rat).SetInt(digits.Mul(digits, ten.Exp(ten, big.NewInt(int64(exponent)), nil)))
}

// integer is the value of a BSON number that is a whole number of 64 bits.
func integer(v bson.RawValue) (int64, bool) {
	switch v.Type {
	case bson.TypeInt32:
		return int64(v.Int32()), true
	case bson.TypeInt64:
		return v.Int64(), true
	}
	r := rational(v)
	if r == nil || !r.IsInt() || !r.Num().IsInt64() {
		return 0, false
	}
	return r.Num().Int64(), true
}
