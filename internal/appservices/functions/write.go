package functions

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// write returns a JavaScript value as canonical Extended JSON. As in App Services,
// an integral number becomes an Int64, and any other number a Double. It may throw,
// so the caller must be inside JavaScript or vmTry.
func (c *call) write(value goja.Value) []byte { return c.writeUpTo(value, maxTraffic) }

// writeUpTo is write for a value of at most this many bytes.
func (c *call) writeUpTo(value goja.Value, most int) []byte {
	w := writer{call: c, most: most}
	w.value(value, 0)
	return w.out
}

type writer struct {
	*call
	out  []byte
	most int // the length of out
}

func (w *writer) raw(s string) {
	if len(w.out)+len(s) > w.most {
		w.throw(fmt.Sprintf("the value is larger than %d MiB", w.most>>20))
	}
	w.out = append(w.out, s...)
}

func (w *writer) quoted(s string) {
	w.raw(quote(s))
}

// wrapped writes {"$name":"s"}.
func (w *writer) wrapped(name, s string) {
	w.raw(`{"` + name + `":`)
	w.quoted(s)
	w.raw("}")
}

func (w *writer) value(v goja.Value, depth int) {
	if object, ok := v.(*goja.Object); ok {
		w.object(object, depth)
		return
	}
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		w.raw("null")
		return
	}
	w.primitive(v.Export())
}

func (w *writer) primitive(v any) {
	switch v := v.(type) {
	case bool:
		w.raw(strconv.FormatBool(v))
	case string:
		w.quoted(v)
	case int64:
		w.wrapped("$numberLong", strconv.FormatInt(v, 10))
	case float64:
		w.double(v)
	case *big.Int:
		if !v.IsInt64() {
			w.typeError("the BigInt has more than 64 bits")
		}
		w.wrapped("$numberLong", v.String())
	default:
		w.typeError("MongoDB cannot store this value (%T)", v)
	}
}

func (w *writer) double(f float64) {
	if f == math.Trunc(f) && math.Abs(f) <= safe && !(f == 0 && math.Signbit(f)) {
		w.wrapped("$numberLong", strconv.FormatInt(int64(f), 10))
		return
	}
	w.exactDouble(f)
}

func (w *writer) exactDouble(f float64) {
	text := strconv.FormatFloat(f, 'G', -1, 64)
	switch {
	case math.IsInf(f, 1):
		text = "Infinity"
	case math.IsInf(f, -1):
		text = "-Infinity"
	case !strings.ContainsAny(text, ".EN"):
		text += ".0"
	}
	w.wrapped("$numberDouble", text)
}

func (w *writer) object(o *goja.Object, depth int) {
	if depth > maxDepth {
		w.typeError("the value is nested deeper than %d levels, or contains itself", maxDepth)
	}
	if name, ok := w.types.of(o); ok {
		w.bson(name, o)
		return
	}
	switch o.ClassName() {
	case "Array":
		w.array(o, depth)
	case "Date":
		w.date(o)
	case "RegExp":
		w.regexp(text(o.Get("source")), text(o.Get("flags")))
	case "Function":
		w.raw("null")
	case "Number", "String", "Boolean":
		w.primitive(o.Export())
	default:
		w.other(o, depth)
	}
}

var (
	promiseType = reflect.TypeFor[*goja.Promise]()
	bytesType   = reflect.TypeFor[[]byte]()
	bufferType  = reflect.TypeFor[goja.ArrayBuffer]()
)

// other checks the type before it exports the object, because exporting a plain
// object copies all of it.
func (w *writer) other(o *goja.Object, depth int) {
	switch o.ExportType() {
	case promiseType:
		w.typeError("got a promise instead of a value: is an await missing?")
	case bytesType:
		w.binary(o.Export().([]byte), 0)
	case bufferType:
		w.binary(o.Export().(goja.ArrayBuffer).Bytes(), 0)
	default:
		w.plain(o, depth)
	}
}

func (w *writer) array(o *goja.Object, depth int) {
	w.raw("[")
	for i := range o.Get("length").ToInteger() {
		if i > 0 {
			w.raw(",")
		}
		w.value(o.Get(strconv.FormatInt(i, 10)), depth+1)
	}
	w.raw("]")
}

// plain writes an object's own members, without functions.
func (w *writer) plain(o *goja.Object, depth int) {
	w.raw("{")
	first := true
	for _, name := range o.Keys() {
		value := o.Get(name)
		if _, isFunction := goja.AssertFunction(value); isFunction && !w.types.isKey(value) {
			continue
		}
		if !first {
			w.raw(",")
		}
		first = false
		w.quoted(name)
		w.raw(":")
		w.value(value, depth+1)
	}
	w.raw("}")
}

func (w *writer) date(o *goja.Object) {
	at, ok := o.Export().(time.Time)
	if !ok {
		w.typeError("the Date is invalid")
	}
	w.raw(`{"$date":{"$numberLong":"` + strconv.FormatInt(at.UnixMilli(), 10) + `"}}`)
}

// regexp keeps only the flags that MongoDB knows: not g, y, d and u.
func (w *writer) regexp(pattern, flags string) {
	kept := slices.DeleteFunc([]byte(flags), func(flag byte) bool { return !strings.ContainsRune("imslux", rune(flag)) || flag == 'u' })
	slices.Sort(kept)
	w.raw(`{"$regularExpression":{"pattern":`)
	w.quoted(pattern)
	w.raw(`,"options":`)
	w.quoted(string(kept))
	w.raw("}}")
}

func (w *writer) binary(data []byte, subType int64) {
	w.raw(`{"$binary":{"base64":"`)
	w.raw(base64.StdEncoding.EncodeToString(data))
	w.raw(fmt.Sprintf(`","subType":"%02x"}}`, subType))
}

// bson writes a value of a BSON type. The members of such a value cannot be changed,
// but an object that a function creates with the same prototype does not have them.
func (w *writer) bson(name string, o *goja.Object) {
	member := func(name string) goja.Value {
		value := o.Get(name)
		if value == nil {
			w.typeError("the object has the prototype of a BSON type, but BSON did not create it")
		}
		return value
	}
	switch name {
	case "ObjectId":
		w.wrapped("$oid", member("hex").String())
	case "Long":
		w.wrapped("$numberLong", member("big").String())
	case "Int32":
		w.wrapped("$numberInt", member("value").String())
	case "Double":
		w.exactDouble(member("value").ToFloat())
	case "Decimal128":
		w.wrapped("$numberDecimal", member("text").String())
	case "Binary", "UUID":
		data, _ := member("buffer").Export().([]byte)
		w.binary(data, member("sub_type").ToInteger())
	case "BSONRegExp":
		w.regexp(member("pattern").String(), member("options").String())
	case "MinKey":
		w.raw(`{"$minKey":1}`)
	case "MaxKey":
		w.raw(`{"$maxKey":1}`)
	case "Other":
		w.raw(member("ejson").String())
	}
}

// quote returns a JSON string. Unlike [json.Marshal], it does not escape < and >.
func quote(s string) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a string can always be encoded
	return strings.TrimSuffix(out.String(), "\n")
}
