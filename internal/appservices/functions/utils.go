package functions

import (
	"bytes"

	"github.com/dop251/goja"
)

// newUtils returns the global utils.
func (c *call) newUtils() *goja.Object {
	object := c.vm.NewObject()
	c.set(object, "crypto", c.newCrypto())
	c.set(object, "jwt", c.newJWT())
	return object
}

// data returns the bytes of an argument, which is text or a BSON.Binary.
func (c *call) data(v goja.Value, what string) []byte {
	if object, ok := v.(*goja.Object); ok {
		if data, ok := c.bytesOf(object); ok {
			return bytes.Clone(data)
		}
	} else if s, ok := v.Export().(string); ok {
		return []byte(s)
	}
	c.typeError("%s must be text or a BSON.Binary", what)
	return nil
}

// bytesOf returns the bytes of a BSON.Binary. It returns false for any other object, also if
// that has the prototype: without its bytes, a key would be empty.
func (c *call) bytesOf(object *goja.Object) (data []byte, ok bool) {
	if name, _ := c.types.of(object); name != "Binary" {
		return nil, false
	}
	buffer := object.Get("buffer")
	if buffer == nil {
		return nil, false
	}
	data, ok = buffer.Export().([]byte)
	return data, ok
}

// bytesValue returns a BSON.Binary.
func (c *call) bytesValue(data []byte) goja.Value {
	return c.make("Binary", c.vm.NewArrayBuffer(data), 0)
}

// name returns an argument that names something, such as an algorithm.
func (c *call) name(v goja.Value, what string) string {
	s, ok := v.Export().(string)
	if !ok {
		c.typeError("%s must be text", what)
	}
	return s
}
