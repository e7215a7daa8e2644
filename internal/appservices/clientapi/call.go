package clientapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// The bounds of a call. Its body may nest [bsonvalue.MaxDepth] levels.
const (
	// MaxBody is the size of the largest body, in bytes.
	MaxBody = 1 << 20
	// maxArguments is how many arguments a call may have.
	maxArguments = 100
	// maxValues is how many values a body may have, and valueMemory what reading one takes,
	// in bytes: twice, because the service reads its arguments again, and in between as
	// canonical Extended JSON.
	maxValues   = 100_000
	valueMemory = 160
	// maxName is how long the name of a function or a service may be, in bytes.
	maxName = 256
)

// A call is what the body of a request says.
type call struct {
	name    string
	service string            // empty for a function
	args    []json.RawMessage // canonical Extended JSON
}

// endpoint returns the label of the metric.
func (c call) endpoint() string {
	if c.service != "" {
		return "data"
	}
	return "functions"
}

// checkMethod refuses a request that is not a call. An SDK opens a stream of changes with
// GET.
func checkMethod(r *http.Request) error {
	switch {
	case r.Method == http.MethodGet:
		return errStream
	case r.Method != http.MethodPost:
		return errMethod
	}
	// No web page may send this content type to another origin without asking first.
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return errContentType
	}
	return nil
}

// readCall reads the body of a request. It takes the memory for the values in it before it
// reads them.
func (h *Handler) readCall(ctx context.Context, r *http.Request) (call, error) {
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, MaxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return call{}, errTooLarge
	}
	if err != nil {
		return call{}, malformed("the body could not be read")
	}
	values := bsonvalue.Count(text)
	switch {
	case values > maxValues:
		return call{}, errManyValues
	case !h.o.Reserve(ctx, int64(values)*valueMemory):
		return call{}, errOverloaded
	}
	return parseCall(text)
}

// parseCall parses a body. Its errors do not quote it.
func parseCall(text []byte) (c call, err error) {
	body, err := bsonvalue.Parse(text)
	if err != nil || body.Kind() != bsonvalue.Document {
		return call{}, malformed("the body must be an object in Extended JSON, at most 100 levels deep, without duplicate names")
	}
	if c.service, err = nameOf(body.Field("service"), "service"); err != nil {
		return call{}, err
	}
	if c.name, err = nameOf(body.Field("name"), "name"); err != nil {
		return c, err
	}
	if c.name == "" {
		return c, malformed("name is missing")
	}
	c.args, err = argumentsOf(body.Field("arguments"))
	return c, err
}

// nameOf returns a member that is text. One that is null is missing.
func nameOf(v bsonvalue.Value, member string) (string, error) {
	if kind := v.Kind(); kind == bsonvalue.Missing || kind == bsonvalue.IsNull {
		return "", nil
	}
	name, ok := v.Text()
	if !ok || len(name) > maxName {
		return "", malformed(member + " must be a text of at most 256 bytes")
	}
	return name, nil
}

func argumentsOf(v bsonvalue.Value) ([]json.RawMessage, error) {
	kind := v.Kind()
	if kind == bsonvalue.Missing || kind == bsonvalue.IsNull {
		return nil, nil
	}
	if kind != bsonvalue.Array || v.Len() > maxArguments {
		return nil, malformed("arguments must be an array of at most 100 values")
	}
	args := make([]json.RawMessage, 0, v.Len())
	for item := range v.Items() {
		text, err := item.JSON()
		if err != nil {
			return nil, malformed("an argument is not valid Extended JSON")
		}
		args = append(args, text)
	}
	return args, nil
}

// has reports whether a service has this name.
func (h *Handler) has(service string) bool {
	return h.o.Service != nil && slices.Contains(h.o.Services, service)
}
