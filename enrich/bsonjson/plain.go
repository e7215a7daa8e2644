package bsonjson

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// maxSafe is 2^53. All integers up to it are exact in a JSON reader that uses doubles
// for all numbers (RFC 7493, section 2.2).
const maxSafe = 1 << 53

// uuidSubtype is the binary subtype of UUIDs. The older subtype 3 is not supported:
// each driver used another byte order, so its text cannot be known.
const uuidSubtype = 4

// plain writes a value of a type that JSON does not have, in the form that a reader
// without BSON expects.
func (w *writer) plain(v bson.RawValue, depth int) error {
	switch v.Type {
	case bson.TypeObjectID:
		w.objectID(v)
	case bson.TypeInt32:
		w.out = strconv.AppendInt(w.out, int64(v.Int32()), 10)
	case bson.TypeInt64:
		w.plainInt64(v.Int64())
	case bson.TypeDouble:
		w.plainDouble(v.Double())
	case bson.TypeDecimal128:
		w.quoted(v.Decimal128().String())
	case bson.TypeDateTime:
		return w.plainDate(v, depth)
	case bson.TypeBinary:
		return w.plainBinary(v)
	default:
		return w.relaxed(v, depth)
	}
	return nil
}

// relaxed writes a value, including all values in it, as relaxed Extended JSON.
func (w *writer) relaxed(v bson.RawValue, depth int) error {
	inner := writer{format: Relaxed, out: w.out, seen: w.seen}
	err := inner.extended(v, depth)
	w.out = inner.out
	return err
}

func (w *writer) plainInt64(n int64) {
	if n < -maxSafe || n > maxSafe {
		w.quoted(strconv.FormatInt(n, 10))
		return
	}
	w.out = strconv.AppendInt(w.out, n, 10)
}

// plainDouble writes the shortest number that is read back as f. A whole number has
// no fraction (1, not 1.0): the mongo shell stored every number as a double, and
// readers that expect an integer refuse a fraction. From 1e21 on, and below 1e-6,
// the number has an exponent, as in JavaScript.
func (w *writer) plainDouble(f float64) {
	switch size := math.Abs(f); {
	case math.IsNaN(f), math.IsInf(f, 0):
		w.quoted(doubleText(f))
	case size != 0 && (size < 1e-6 || size >= 1e21):
		w.out = strconv.AppendFloat(w.out, f, 'e', -1, 64)
	default:
		w.out = strconv.AppendFloat(w.out, f, 'f', -1, 64)
	}
}

// plainDate writes a date as in RFC 3339. Years outside 0 to 9999 do not fit that
// format and become Extended JSON.
func (w *writer) plainDate(v bson.RawValue, depth int) error {
	t := time.UnixMilli(v.DateTime()).UTC()
	if t.Year() < 0 || t.Year() > 9999 {
		return w.relaxed(v, depth)
	}
	w.date(t, "2006-01-02T15:04:05.000Z")
	return nil
}

// date appends a time in this layout as a string.
func (w *writer) date(t time.Time, layout string) {
	w.out = append(w.out, '"')
	w.out = t.AppendFormat(w.out, layout)
	w.out = append(w.out, '"')
}

func (w *writer) plainBinary(v bson.RawValue) error {
	subtype, data, ok := v.BinaryOK()
	switch {
	case !ok:
		return errMalformed
	case subtype == uuidSubtype && len(data) == 16:
		w.quoted(uuidText(data))
	default:
		w.out = append(w.out, '"')
		w.out = base64.StdEncoding.AppendEncode(w.out, data)
		w.out = append(w.out, '"')
	}
	return nil
}

// uuidText returns the text form of a UUID's 16 bytes (RFC 9562, section 4).
func uuidText(b []byte) string {
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
