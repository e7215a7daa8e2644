package functions

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// newJWT returns utils.jwt. What the methods throw never quotes a key or a token.
func (c *call) newJWT() *goja.Object {
	object := c.vm.NewObject()
	c.set(object, "encode", c.encodeJWT)
	c.set(object, "decode", c.decodeJWT)
	return object
}

// encodeJWT is utils.jwt.encode(signingMethod, payload, secret, customHeaderFields).
func (c *call) encodeJWT(request goja.FunctionCall) goja.Value {
	method := c.name(request.Argument(0), "the signing method")
	header := c.vm.NewObject()
	c.set(header, "alg", method)
	c.set(header, "typ", "JWT")
	if more := request.Argument(3); !absent(more) {
		for _, name := range more.ToObject(c.vm).Keys() {
			if name != "alg" {
				c.set(header, name, more.ToObject(c.vm).Get(name))
			}
		}
	}
	payload := c.json(request.Argument(1))
	if !bytes.HasPrefix(payload, []byte("{")) {
		c.typeError("utils.jwt.encode: the payload must be an object")
	}
	signed := encodeSegment(c.json(header)) + "." + encodeSegment(payload)
	signature, err := signJWT(method, []byte(signed), c.data(request.Argument(2), "the secret"))
	if err != nil {
		c.throw("utils.jwt.encode: " + err.Error())
	}
	return c.vm.ToValue(signed + "." + encodeSegment(signature))
}

func encodeSegment(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// json returns the text of JSON.stringify.
func (c *call) json(v goja.Value) []byte {
	stringify, _ := goja.AssertFunction(c.vm.Get("JSON").ToObject(c.vm).Get("stringify"))
	written, err := stringify(goja.Undefined(), v)
	if err != nil {
		panic(err)
	}
	return []byte(written.String())
}

// decodeJWT is utils.jwt.decode(jwt, key, returnHeader, acceptedSigningMethods). It
// throws unless the signature is valid and the token is not expired and is valid
// already.
func (c *call) decodeJWT(request goja.FunctionCall) goja.Value {
	token := c.name(request.Argument(0), "the token")
	header, payload, err := openJWT(token, c.data(request.Argument(1), "the key"), c.texts(request.Argument(3)), time.Now())
	if err != nil {
		c.throw("utils.jwt.decode: " + err.Error())
	}
	if !truthy(request.Argument(2)) {
		return c.value(payload)
	}
	object := c.vm.NewObject()
	c.set(object, "header", c.value(header))
	c.set(object, "payload", c.value(payload))
	return object
}

// texts returns the elements of an array of text, and nil for no array.
func (c *call) texts(v goja.Value) (texts []string) {
	if absent(v) {
		return nil
	}
	texts = []string{}
	list := v.ToObject(c.vm)
	for _, index := range list.Keys() {
		texts = append(texts, text(list.Get(index)))
	}
	return texts
}

// openJWT verifies a token and returns its header and its payload. Nil methods mean
// all.
func openJWT(token string, key []byte, methods []string, now time.Time) (header, payload tree, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil, shown("token contains an invalid number of segments")
	}
	var segments [3][]byte
	for i, part := range parts {
		if segments[i], err = base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "=")); err != nil {
			return nil, nil, shown("the token is malformed")
		}
	}
	var method string
	header, errHeader := parse(segments[0])
	payload, errPayload := parse(segments[1])
	if errHeader != nil || errPayload != nil || readMember(segments[0], "alg", &method) != nil {
		return nil, nil, shown("the token is malformed")
	}
	if methods != nil && !slices.Contains(methods, method) {
		return nil, nil, shown("the signing method of the token is not accepted")
	}
	signed := token[:strings.LastIndexByte(token, '.')]
	if err := verifyJWT(method, []byte(signed), segments[2], key); err != nil {
		return nil, nil, err
	}
	return header, payload, checkTimes(segments[1], now)
}

// checkTimes checks exp and nbf (RFC 7519, section 4.1). App Services' own example has
// an iat in milliseconds, so iat is not checked.
func checkTimes(payload []byte, now time.Time) error {
	var expires, starts *float64
	if readMember(payload, "exp", &expires) != nil || readMember(payload, "nbf", &starts) != nil {
		return shown("the token is malformed")
	}
	seconds := float64(now.Unix())
	switch {
	case expires != nil && seconds >= *expires:
		return shown("token is expired")
	case starts != nil && seconds < *starts:
		return shown("token is not valid yet")
	}
	return nil
}

// readMember reads one member of a JSON object. The members of a struct would not do, because
// for them EXP is exp too. A member that is missing leaves the value as it is.
func readMember(object []byte, name string, value any) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil || members[name] == nil {
		return err
	}
	return json.Unmarshal(members[name], value)
}
