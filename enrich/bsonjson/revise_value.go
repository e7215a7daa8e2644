package bsonjson

import (
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/internal/jsonvalue"
)

// rawValue returns a bson.D or bson.A as BSON.
func rawValue(v any) (bson.RawValue, error) {
	typ, data, err := bson.MarshalValue(v)
	return bson.RawValue{Type: typ, Value: data}, err
}

// parseValue reads a JSON value as Extended JSON. The error is [ErrExtended].
func parseValue(v jsonvalue.Value) (bson.RawValue, error) {
	if !keepsDigits(v) {
		return null, ErrExtended
	}
	text := v.Append([]byte(`{"v":`))
	var doc bson.Raw
	if err := bson.UnmarshalExtJSON(append(text, '}'), false, &doc); err != nil {
		return null, ErrExtended
	}
	value, err := doc.LookupErr("v")
	if err != nil {
		return null, ErrExtended
	}
	return value, nil
}

var null = bson.RawValue{Type: bson.TypeNull}

// keepsDigits reports whether BSON can hold all whole numbers in a value: those that do not
// fit in 64 bits would become doubles.
func keepsDigits(v jsonvalue.Value) bool {
	if v.Kind() == jsonvalue.Number {
		text := string(v.Append(nil))
		if _, err := strconv.ParseInt(text, 10, 64); err != nil && !strings.ContainsAny(text, ".eE") {
			return false
		}
		_, err := strconv.ParseFloat(text, 64)
		return err == nil
	}
	for _, m := range v.Members() {
		if !keepsDigits(m.Value) {
			return false
		}
	}
	for _, item := range v.Items() {
		if !keepsDigits(item) {
			return false
		}
	}
	return true
}

func isGoodName(name string) bool {
	return canBeInPath(name) && name != "__proto__" && !strings.ContainsRune(name, 0)
}

// checkNames returns an error if a value has a field with a bad name, is code, or is of a
// type that MongoDB deprecates. A regular expression is refused too: a program that queries by
// a value of the document would take it for a condition.
func checkNames(v bson.RawValue) error {
	switch v.Type {
	case bson.TypeRegex, bson.TypeJavaScript, bson.TypeCodeWithScope, bson.TypeSymbol, bson.TypeDBPointer, bson.TypeUndefined:
		return ErrExtended
	case bson.TypeEmbeddedDocument, bson.TypeArray:
	default:
		return nil
	}
	for m, err := range members(v.Value) {
		switch {
		case err != nil:
			return ErrExtended
		case v.Type == bson.TypeEmbeddedDocument && !isGoodName(string(m.name)):
			return ErrMemberName
		}
		if err := checkNames(m.value); err != nil {
			return err
		}
	}
	return nil
}

// namesIn returns the paths of all fields in a value at a path, without indices.
func namesIn(path string, v bson.RawValue) (paths []string) {
	if v.Type != bson.TypeEmbeddedDocument && v.Type != bson.TypeArray {
		return nil
	}
	for m, err := range members(v.Value) {
		if err != nil {
			return paths
		}
		at := path
		if v.Type == bson.TypeEmbeddedDocument {
			at = joined(path, string(m.name))
			paths = append(paths, at)
		}
		paths = append(paths, namesIn(at, m.value)...)
	}
	return paths
}
