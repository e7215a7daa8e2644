package bsonjson

import (
	"math/big"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// compareNumbers compares numbers of any BSON types by value. Numbers that have no
// [rational] come first.
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

// rational returns the exact value of a BSON number. It returns nil for NaN and the
// infinities, and for decimals with a large exponent: those take long to compare,
// and no id has one.
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

// integer returns the value of a BSON number, and false if it is not a whole number
// that fits in 64 bits.
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
