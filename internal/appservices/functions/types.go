package functions

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"
)

// types are the BSON types of one runtime.
type types struct {
	bson         *goja.Object
	constructors map[string]*goja.Object
	names        map[*goja.Object]string // by prototype
	date         *goja.Object
}

// newTypes runs js/bson.js.
func (c *call) newTypes() (types, error) {
	native := c.vm.NewObject()
	c.set(native, "newObjectId", newObjectID)
	c.set(native, "newUUID", newUUID)
	c.set(native, "text", func(data []byte) string { return strings.ToValidUTF8(string(data), "\uFFFD") })
	c.set(native, "bytes", func(s string) goja.Value { return c.vm.ToValue(c.vm.NewArrayBuffer([]byte(s))) })
	f, err := c.builtin(bsonProgram)
	if err != nil {
		return types{}, err
	}
	made, err := f(nil, native)
	if err != nil {
		return types{}, err
	}
	t := types{bson: made.ToObject(c.vm), constructors: map[string]*goja.Object{}, names: map[*goja.Object]string{}, date: c.vm.Get("Date").ToObject(c.vm)}
	for _, name := range t.bson.Keys() {
		constructor := t.bson.Get(name).ToObject(c.vm)
		t.constructors[name] = constructor
		t.names[constructor.Get("prototype").ToObject(c.vm)] = strings.Replace(name, "ObjectID", "ObjectId", 1)
	}
	return t, nil
}

// builtin runs a program from the directory js and returns the function that it
// evaluates to.
func (c *call) builtin(program func() *goja.Program) (goja.Callable, error) {
	value, err := c.vm.RunProgram(program())
	if err != nil {
		return nil, err
	}
	f, _ := goja.AssertFunction(value)
	return f, nil
}

// of returns the name of an object's BSON type, if it has one. Functions of App
// Services also write the constructors BSON.MinKey and BSON.MaxKey where they mean
// the values.
func (t types) of(o *goja.Object) (string, bool) {
	if t.isKey(o) {
		if o == t.constructors["MinKey"] {
			return "MinKey", true
		}
		return "MaxKey", true
	}
	prototype := o.Prototype()
	if prototype == nil {
		return "", false
	}
	name, ok := t.names[prototype]
	return name, ok
}

func (t types) isKey(v goja.Value) bool {
	return v == t.constructors["MinKey"] || v == t.constructors["MaxKey"]
}

var (
	process = sync.OnceValue(func() []byte { // the part of an ObjectId that identifies the process
		var id [5]byte
		rand.Read(id[:])
		return id[:]
	})
	counter atomic.Uint32
)

// newObjectID returns a new ObjectId in the form that drivers use: time, process,
// counter. A later one is higher.
func newObjectID() string {
	id := binary.BigEndian.AppendUint32(nil, uint32(time.Now().Unix()))
	id = append(id, process()...)
	n := counter.Add(1)
	return hex.EncodeToString(append(id, byte(n>>16), byte(n>>8), byte(n)))
}

// newUUID returns a random UUID (RFC 9562, version 4).
func newUUID() string {
	var id [16]byte
	rand.Read(id[:])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return hex.EncodeToString(id[:])
}
