package bsonjson

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// maxSafe is the largest integer up to which every one is exact in a JSON
// reader that has doubles only (RFC 7493, section 2.2).
const maxSafe = 1 << 53

// uuidSubtype is the binary subtype of UUIDs. The older subtype 3 had a byte
// order of its own in each driver, so that its text cannot be known.
const uuidSubtype = 4

// plain writes what JSON does not have as a reader without BSON expects it.
func (w *writer) plain(v bson.RawValue, depth int) error {
	switch v.Type {
	case bson.TypeObjectID:
		w.quoted(v.ObjectID().Hex())
	case bson.TypeInt32:
		w.raw(strconv.Itoa(int(v.Int32())))
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

// relaxed writes one value, with all that is in it, as relaxed Extended JSON.
func (w *writer) relaxed(v bson.RawValue, depth int) error {
	inner := writer{format: Relaxed, out: w.out}
	err := inner.extended(v, depth)
	w.out = inner.out
	return err
}

func (w *writer) plainInt64(n int64) {
	text := strconv.FormatInt(n, 10)
	if n < -maxSafe || n > maxSafe {
		w.quoted(text)
		return
	}
	w.raw(text)
}

// plainDouble writes the shortest number that reads back as f. It is an integer
// where f is one (1, not 1.0): the mongo shell stored every number as a double,
// and readers that want an integer refuse a fraction. From 1e21 on, and below
// 1e-6, it has an exponent, as in JavaScript.
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

// plainDate writes RFC 3339, which has years 0 to 9999 only.
func (w *writer) plainDate(v bson.RawValue, depth int) error {
	t := time.UnixMilli(v.DateTime()).UTC()
	if t.Year() < 0 || t.Year() > 9999 {
		return w.relaxed(v, depth)
	}
	w.quoted(t.Format("2006-01-02T15:04:05.000Z"))
	return nil
}

func (w *writer) plainBinary(v bson.RawValue) error {
	subtype, data, ok := v.BinaryOK()
	switch {
	case !ok:
		return errMalformed
	case subtype == uuidSubtype && len(data) == 16:
		w.quoted(uuidText(data))
	default:
		w.quoted(base64.StdEncoding.EncodeToString(data))
	}
	return nil
}

// uuidText is the text form of a UUID's 16 bytes (RFC 9562, section 4).
func uuidText(b []byte) string {
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
