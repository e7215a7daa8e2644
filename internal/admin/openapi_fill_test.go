package admin_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// fill sets a value so that all members are in its JSON, or as few as possible.
func fill(v reflect.Value, full bool) {
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 12, 1, 10, 0, 0, 5e6, time.UTC)))
		return
	case reflect.TypeFor[json.RawMessage]():
		if full {
			v.Set(reflect.ValueOf(json.RawMessage(`{"city":["Wien",1,null]}`)))
		}
		return
	case reflect.TypeFor[any]():
		if full {
			v.Set(reflect.ValueOf([]string{"city"}))
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), full)
		}
	case reflect.Pointer:
		if full {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), full)
		}
	case reflect.Slice:
		fillSlice(v, full)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		if full {
			element := reflect.New(v.Type().Elem()).Elem()
			fill(element, full)
			v.SetMapIndex(reflect.ValueOf("added"), element)
		}
	default:
		if full {
			fillScalar(v)
		}
	}
}

// fillSlice adds a value with all members, and one with few.
func fillSlice(v reflect.Value, full bool) {
	v.Set(reflect.MakeSlice(v.Type(), 0, 2))
	if full {
		v.SetLen(2)
		fill(v.Index(0), true)
		fill(v.Index(1), false)
	}
}

func fillScalar(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint64:
		v.SetUint(7)
	default:
		panic("no value for " + strings.ToUpper(v.Kind().String()))
	}
}
