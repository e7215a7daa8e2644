package bsonjson

import (
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// extended writes a value of a type that JSON does not have, as MongoDB Extended
// JSON v2: relaxed if that is the format, otherwise canonical. It does not use the
// driver's writer, because that accepts duplicate names and any depth, and does not
// escape some strings.
func (w *writer) extended(v bson.RawValue, depth int) error {
	switch v.Type {
	case bson.TypeInt32:
		w.extendedInt("$numberInt", int64(v.Int32()))
	case bson.TypeInt64:
		w.extendedInt("$numberLong", v.Int64())
	case bson.TypeDouble:
		w.extendedDouble(v.Double())
	case bson.TypeDecimal128:
		w.wrapped("$numberDecimal", v.Decimal128().String())
	case bson.TypeObjectID:
		w.raw(`{"$oid":`)
		w.objectID(v)
		w.raw("}")
	case bson.TypeDateTime:
		w.extendedDate(v.DateTime())
	case bson.TypeTimestamp:
		t, i := v.Timestamp()
		w.out = fmt.Appendf(w.out, `{"$timestamp":{"t":%d,"i":%d}}`, t, i)
	case bson.TypeMinKey:
		w.raw(`{"$minKey":1}`)
	case bson.TypeMaxKey:
		w.raw(`{"$maxKey":1}`)
	case bson.TypeUndefined:
		w.raw(`{"$undefined":true}`)
	default:
		return w.extendedParts(v, depth)
	}
	return nil
}

// extendedParts writes a value that has several parts. Any of them may be malformed.
func (w *writer) extendedParts(v bson.RawValue, depth int) error {
	switch v.Type {
	case bson.TypeBinary:
		return w.binary(v)
	case bson.TypeRegex:
		return w.regex(v)
	case bson.TypeDBPointer:
		return w.dbPointer(v)
	case bson.TypeSymbol:
		symbol, ok := textOf(v)
		return w.wrappedText("$symbol", symbol, ok)
	case bson.TypeJavaScript:
		code, ok := textOf(v)
		return w.wrappedText("$code", code, ok)
	case bson.TypeCodeWithScope:
		return w.codeWithScope(v, depth)
	}
	return errMalformed
}

// wrapped writes {"$name":"s"} for an s without characters to escape.
func (w *writer) wrapped(name, s string) {
	w.raw("{")
	w.quoted(name)
	w.raw(":")
	w.quoted(s)
	w.raw("}")
}

// wrappedText writes {"$name":"s"} for any s. If ok is false, the value is malformed.
func (w *writer) wrappedText(name string, s []byte, ok bool) error {
	w.raw("{")
	w.quoted(name)
	w.raw(":")
	err := w.textOrMalformed(s, ok)
	w.raw("}")
	return err
}

func (w *writer) extendedInt(name string, n int64) {
	text := strconv.FormatInt(n, 10)
	if w.format == Relaxed {
		w.raw(text)
		return
	}
	w.wrapped(name, text)
}

func (w *writer) extendedDouble(f float64) {
	text := doubleText(f)
	if w.format == Relaxed && !math.IsNaN(f) && !math.IsInf(f, 0) {
		w.raw(text)
		return
	}
	w.wrapped("$numberDouble", text)
}

// doubleText returns a double as Extended JSON writes it. A whole number keeps a
// fraction (1.0), so that it is read back as a double.
func doubleText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	text := strconv.FormatFloat(f, 'G', -1, 64)
	if !strings.ContainsAny(text, ".E") {
		text += ".0"
	}
	return text
}

// extendedDate writes a date in milliseconds since 1970. Relaxed writes the years
// 1970 to 9999 as text, with three decimal places or none.
func (w *writer) extendedDate(ms int64) {
	t := time.UnixMilli(ms).UTC()
	switch {
	case w.format != Relaxed, ms < 0, t.Year() > 9999:
		w.raw(`{"$date":`)
		w.wrapped("$numberLong", strconv.FormatInt(ms, 10))
		w.raw("}")
	case t.Nanosecond() == 0:
		w.raw(`{"$date":`)
		w.date(t, "2006-01-02T15:04:05Z")
		w.raw("}")
	default:
		w.raw(`{"$date":`)
		w.date(t, "2006-01-02T15:04:05.000Z")
		w.raw("}")
	}
}

func (w *writer) binary(v bson.RawValue) error {
	subtype, data, ok := v.BinaryOK()
	if !ok {
		return errMalformed
	}
	w.raw(`{"$binary":{"base64":"`)
	w.out = base64.StdEncoding.AppendEncode(w.out, data)
	w.out = fmt.Appendf(w.out, `","subType":"%02x"}}`, subtype)
	return nil
}

// regex writes a regular expression. Extended JSON requires sorted options.
func (w *writer) regex(v bson.RawValue) error {
	pattern, options, ok := v.RegexOK()
	w.raw(`{"$regularExpression":{"pattern":`)
	if err := w.textOrMalformed([]byte(pattern), ok); err != nil {
		return err
	}
	if !utf8.ValidString(options) {
		return errText
	}
	sorted := []rune(options)
	slices.Sort(sorted)
	w.raw(`,"options":`)
	err := w.text([]byte(string(sorted)))
	w.raw("}}")
	return err
}

func (w *writer) dbPointer(v bson.RawValue) error {
	ref, id, ok := v.DBPointerOK()
	w.raw(`{"$dbPointer":{"$ref":`)
	err := w.textOrMalformed([]byte(ref), ok)
	w.raw(`,"$id":`)
	w.wrapped("$oid", id.Hex())
	w.raw("}}")
	return err
}

func (w *writer) codeWithScope(v bson.RawValue, depth int) error {
	code, scope, ok := v.CodeWithScopeOK()
	w.raw(`{"$code":`)
	if err := w.textOrMalformed([]byte(code), ok); err != nil {
		return err
	}
	w.raw(`,"$scope":`)
	err := w.document(scope, depth+1)
	w.raw("}")
	return err
}
