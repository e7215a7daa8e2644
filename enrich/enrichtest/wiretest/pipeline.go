package wiretest

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// run sends an event through the stages. It returns nil if one of them drops the
// event, and an error for an unknown stage or operator.
func run(pipeline bson.A, event bson.D) (bson.D, error) {
	for _, stage := range pipeline {
		name, of := only(stage)
		switch name {
		case "$match":
			operator, condition := only(of)
			if operator != "$expr" {
				return nil, fmt.Errorf("$match without $expr")
			}
			fits, err := eval(condition, event, nil)
			if err != nil || fits != true {
				return nil, err
			}
		case "$project":
			var err error
			if event, err = project(event, of.(bson.D)); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("stage %s", name)
		}
	}
	return event, nil
}

// project includes the fields that are set to 1, and adds computed ones.
func project(doc bson.D, fields bson.D) (bson.D, error) {
	included := include(doc, fields)
	for _, field := range fields {
		if _, ok := field.Value.(bson.D); !ok {
			continue
		}
		value, err := eval(field.Value, doc, nil)
		if err != nil {
			return nil, err
		}
		included = append(included, bson.E{Key: field.Key, Value: value})
	}
	return included, nil
}

// eval evaluates an expression on a document. The parameter this is $$this.
func eval(expression any, doc bson.D, this any) (any, error) {
	switch e := expression.(type) {
	case string:
		if path, ok := strings.CutPrefix(e, "$$this"); ok {
			return field(this, strings.TrimPrefix(path, ".")), nil
		}
		if path, ok := strings.CutPrefix(e, "$"); ok {
			return field(doc, path), nil
		}
	case bson.A:
		return evalAll(e, doc, this)
	case bson.D:
		if name, of := only(e); strings.HasPrefix(name, "$") {
			return operate(name, of, doc, this)
		}
	}
	return expression, nil
}

func evalAll(expressions bson.A, doc bson.D, this any) (bson.A, error) {
	values := bson.A{}
	for _, e := range expressions {
		value, err := eval(e, doc, this)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

// operate applies an operator. As in MongoDB, the result for null is null.
func operate(name string, of any, doc bson.D, this any) (any, error) {
	switch name {
	case "$map", "$filter":
		return each(name, of, doc, this)
	case "$regexMatch":
		input, err := eval(get(of, "input"), doc, this)
		if err != nil || input == nil {
			return false, err
		}
		return regexp.MatchString(get(of, "regex").(string), input.(string))
	case "$objectToArray":
		object, err := eval(of, doc, this)
		if err != nil || object == nil {
			return nil, err
		}
		pairs := bson.A{}
		for _, e := range object.(bson.D) {
			pairs = append(pairs, bson.D{{Key: "k", Value: e.Key}, {Key: "v", Value: e.Value}})
		}
		return pairs, nil
	}
	values, err := evalAll(of.(bson.A), doc, this)
	if err != nil {
		return nil, err
	}
	switch name {
	case "$ne":
		return !reflect.DeepEqual(values[0], values[1]), nil
	case "$not":
		return values[0] != true, nil
	case "$ifNull":
		if values[0] == nil {
			return values[1], nil
		}
		return values[0], nil
	case "$concatArrays":
		if slices.Contains(values, nil) {
			return nil, nil
		}
		all := bson.A{}
		for _, value := range values {
			all = append(all, value.(bson.A)...)
		}
		return all, nil
	}
	return nil, fmt.Errorf("operator %s", name)
}

// each maps or filters a list.
func each(name string, of any, doc bson.D, this any) (any, error) {
	input, err := eval(get(of, "input"), doc, this)
	if err != nil || input == nil {
		return nil, err
	}
	expression := get(of, "in")
	if name == "$filter" {
		expression = get(of, "cond")
	}
	list := bson.A{}
	for _, element := range input.(bson.A) {
		value, err := eval(expression, doc, element)
		switch {
		case err != nil:
			return nil, err
		case name == "$map":
			list = append(list, value)
		case value == true:
			list = append(list, element)
		}
	}
	return list, nil
}
