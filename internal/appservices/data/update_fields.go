package data

import (
	"errors"
	"time"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// updateOperators make a change from the operand of each operator.
var updateOperators = map[string]func(operand bsonvalue.Value) (change, error){
	"$set": set, "$setOnInsert": set, "$unset": unset, "$rename": renameTo, "$currentDate": currentDate,
	"$inc":  number("$inc", bsonvalue.Add, func(operand bsonvalue.Value) bsonvalue.Value { return operand }),
	"$mul":  number("$mul", bsonvalue.Multiply, zero),
	"$min":  extreme(func(order int) bool { return order < 0 }),
	"$max":  extreme(func(order int) bool { return order > 0 }),
	"$push": push, "$addToSet": addToSet, "$pull": pull, "$pop": pop,
}

func set(v bsonvalue.Value) (change, error) {
	if isOperators(v) {
		return change{}, invalid("the name of a field must not start with $")
	}
	return change{apply: func(*budget, bsonvalue.Value) (bsonvalue.Value, error) { return v, nil }}, nil
}

func unset(bsonvalue.Value) (change, error) {
	return change{removes: true, apply: func(*budget, bsonvalue.Value) (bsonvalue.Value, error) { return bsonvalue.Value{}, nil }}, nil
}

func renameTo(v bsonvalue.Value) (change, error) {
	name, ok := v.Text()
	if !ok {
		return change{}, invalid("$rename needs the new name")
	}
	to, err := parsePath(name)
	return change{to: to}, err
}

// currentDate sets a field to the time, in milliseconds.
func currentDate(v bsonvalue.Value) (change, error) {
	kind, _ := v.Field("$type").Text()
	if is, ok := v.Truth(); !(ok && is) && !(kind == "date" && v.Len() == 1) {
		return change{}, invalid(`$currentDate needs true or {"$type":"date"}`)
	}
	return change{apply: func(*budget, bsonvalue.Value) (bsonvalue.Value, error) { return bsonvalue.NewDate(time.Now()), nil }}, nil
}

// number returns an operator that calculates. first makes the value of a field that is
// missing.
func number(name string, calculate func(a, b bsonvalue.Value) (bsonvalue.Value, error), first func(operand bsonvalue.Value) bsonvalue.Value) func(bsonvalue.Value) (change, error) {
	return func(operand bsonvalue.Value) (change, error) {
		if operand.Kind() != bsonvalue.Number {
			return change{}, invalid("%s needs a number", name)
		}
		return change{apply: func(_ *budget, old bsonvalue.Value) (bsonvalue.Value, error) {
			if old.IsMissing() {
				return first(operand), nil
			}
			v, err := calculate(old, operand)
			switch {
			case errors.Is(err, bsonvalue.ErrNotNumber):
				return v, invalid("cannot apply %s to a value that is not a number", name)
			case err != nil:
				return v, invalid("cannot apply %s: %v", name, err)
			}
			return v, nil
		}}, nil
	}
}

// zero returns 0 with the type of a number.
func zero(operand bsonvalue.Value) bsonvalue.Value {
	product, err := bsonvalue.Multiply(operand, bsonvalue.NewInt32(0))
	if err != nil {
		return bsonvalue.NewInt32(0)
	}
	return product
}

// extreme returns an operator that replaces a value if the new one compares as wanted.
func extreme(wanted func(order int) bool) func(bsonvalue.Value) (change, error) {
	return func(operand bsonvalue.Value) (change, error) {
		if isOperators(operand) {
			return change{}, invalid("the name of a field must not start with $")
		}
		return change{apply: func(_ *budget, old bsonvalue.Value) (bsonvalue.Value, error) {
			if old.IsMissing() || wanted(bsonvalue.Order(operand, old)) {
				return operand, nil
			}
			return old, nil
		}}, nil
	}
}
