package functions

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// maxBody is the size of the largest body of a response, in bytes.
const maxBody = 4 << 20

// A shown error is one that a function may see. Errors of the network are not shown:
// they contain addresses, and a function that throws would send them to the client.
type shown string

func (s shown) Error() string { return string(s) }

const errHost = shown("context.http is not allowed to reach this host: add it to the setting functions.hosts")

// newClient returns a client that reaches only the allowed hosts, also after a
// redirect.
func newClient(o Options) *http.Client {
	return &http.Client{
		Transport: o.Transport,
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if !follows(r.Context()) {
				return http.ErrUseLastResponse
			}
			if len(via) >= 10 {
				return shown("more than 10 redirects")
			}
			return allowed(o.Hosts, r.URL)
		},
	}
}

func allowed(hosts []string, target *url.URL) error {
	if target.Scheme != "http" && target.Scheme != "https" {
		return shown("context.http needs an http or https URL")
	}
	if slices.Contains(hosts, "*") || slices.ContainsFunc(hosts, func(host string) bool { return strings.EqualFold(host, target.Host) }) {
		return nil
	}
	return errHost
}

type followKey struct{}

func follows(ctx context.Context) bool { return ctx.Value(followKey{}) != nil }

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
	if err := allowed(c.o.Hosts, target); err != nil {
		c.throw(err.Error())
	}
	header := c.header(o.Get("headers"))
	body := c.body(o, header)
	c.count(len(body))
	follow := truthy(o.Get("followRedirects"))
	return c.begin(func(ctx context.Context) func() goja.Value {
		if follow {
			ctx = context.WithValue(ctx, followKey{}, true)
		}
		answer, content, err := c.send(ctx, method, target, header, body)
		return func() goja.Value {
			if err != nil {
				c.log.LogAttrs(c.out, slog.LevelWarn, "an HTTP request of a function failed", slog.String("function", c.function),
					slog.String("host", target.Host), slog.Any("error", err))
				reason := shown("no response")
				errors.As(err, &reason)
				c.throw(method + " " + target.Host + ": " + reason.Error())
			}
			return c.answer(answer, content)
		}
	})
}

// send sends a request and reads the response. Its error does not contain the path
// and the query, which may contain secrets.
func (c *call) send(ctx context.Context, method string, target *url.URL, header http.Header, body []byte) (*http.Response, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, nil, shown("the request is invalid")
	}
	request.Header = header
	if host := header.Get("Host"); host != "" {
		request.Host = host
	}
	answer, err := c.client.Do(request)
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	if err == nil && len(content) > maxBody {
		err = shown("the response is larger than 4 MiB")
	}
	return answer, content, err
}

func (c *call) answer(answer *http.Response, content []byte) goja.Value {
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
