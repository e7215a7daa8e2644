package functions

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/dop251/goja"
)

// newHTTP returns context.http.
func (c *call) newHTTP() *goja.Object {
	object := c.vm.NewObject()
	for _, method := range []string{"get", "post", "put", "patch", "delete", "head"} {
		c.set(object, method, func(request goja.FunctionCall) goja.Value {
			return c.fetch(strings.ToUpper(method), request.Argument(0).ToObject(c.vm))
		})
	}
	return object
}

// fetch sends the request that an object describes. Its members are url, or scheme,
// host, path and query; headers; body or form; encodeBodyAsJSON; followRedirects.
func (c *call) fetch(method string, o *goja.Object) goja.Value {
	target := c.target(o)
	if err := allowed(c.Hosts, target); err != nil {
		c.fail(err.Error())
	}
	header := c.header(o.Get("headers"))
	body := c.body(o, header)
	c.count(len(body))
	sent := httpRequest{Method: method, URL: target.String(), Header: header, Follow: truthy(o.Get("followRedirects"))}
	return c.begin(func(ctx context.Context) func() goja.Value {
		answer, content, err := c.host.fetch(ctx, c.function, sent, body)
		return func() goja.Value {
			if err != nil {
				c.unanswered = true
				c.fail(method + " " + target.Host + ": " + err.Error())
			}
			return c.answer(answer, content)
		}
	})
}

func (c *call) answer(answer *httpResponse, content []byte) goja.Value {
	c.count(len(content))
	headers := c.vm.NewObject()
	for name, values := range answer.Header {
		list := make([]any, len(values))
		for i, value := range values {
			list[i] = value
		}
		c.set(headers, name, c.vm.NewArray(list...))
	}
	object := c.vm.NewObject()
	c.set(object, "status", answer.Status)
	c.set(object, "statusCode", answer.StatusCode)
	c.set(object, "contentLength", answer.ContentLength)
	c.set(object, "headers", headers)
	c.set(object, "body", c.make("Binary", c.vm.NewArrayBuffer(content), 0))
	return object
}

func (c *call) target(o *goja.Object) *url.URL {
	if text := o.Get("url"); !absent(text) {
		target, err := url.Parse(text.String())
		if err != nil {
			c.throw("context.http: the URL cannot be parsed") // err quotes the URL
		}
		return target
	}
	target := &url.URL{Scheme: "http", Host: text(o.Get("host")), Path: text(o.Get("path"))}
	if scheme := text(o.Get("scheme")); scheme != "" {
		target.Scheme = scheme
	}
	query := url.Values{}
	c.each(o.Get("query"), func(name, value string) { query.Add(name, value) })
	target.RawQuery = query.Encode()
	return target
}

func (c *call) header(v goja.Value) http.Header {
	header := http.Header{}
	c.each(v, header.Add)
	return header
}

// body returns the encoded body and sets its Content-Type.
func (c *call) body(o *goja.Object, header http.Header) []byte {
	if form := o.Get("form"); !absent(form) {
		var out bytes.Buffer
		fields := multipart.NewWriter(&out)
		c.each(form, func(name, value string) { _ = fields.WriteField(name, value) }) // writing to a Buffer does not fail
		_ = fields.Close()
		header.Set("Content-Type", fields.FormDataContentType())
		return out.Bytes()
	}
	body := o.Get("body")
	switch {
	case absent(body):
		return nil
	case truthy(o.Get("encodeBodyAsJSON")):
		if header.Get("Content-Type") == "" {
			header.Set("Content-Type", "application/json")
		}
		return c.write(body)
	}
	if object, ok := body.(*goja.Object); ok {
		if name, _ := c.types.of(object); name == "Binary" {
			data, _ := object.Get("buffer").Export().([]byte)
			return bytes.Clone(data)
		}
		c.typeError("context.http: the body is an object: set encodeBodyAsJSON: true")
	}
	return []byte(body.String())
}

// each calls f with each member of an object. It calls f with each element of a
// member that is an array.
func (c *call) each(v goja.Value, f func(name, value string)) {
	if absent(v) {
		return
	}
	object := v.ToObject(c.vm)
	for _, name := range object.Keys() {
		value := object.Get(name)
		list, ok := value.(*goja.Object)
		if !ok || list.ClassName() != "Array" {
			f(name, value.String())
			continue
		}
		for _, index := range list.Keys() {
			f(name, list.Get(index).String())
		}
	}
}

func absent(v goja.Value) bool { return v == nil || goja.IsUndefined(v) || goja.IsNull(v) }

func truthy(v goja.Value) bool { return v != nil && v.ToBoolean() }
