package proxy

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"testing/iotest"

	"go.opentelemetry.io/otel/trace"
)

// G7: the memory of a body is returned once, when its last byte has been read.
func TestHeldBody_ReturnsItsMemoryAtItsEnd(t *testing.T) {
	for _, text := range []string{"", "a", "a longer body"} {
		account := account{memory: unbounded{}}
		account.take(100)
		body := &heldBody{left: *bytes.NewReader([]byte(text)), Closer: io.NopCloser(nil), account: &account, held: 60}
		if err := iotest.TestReader(body, []byte(text)); err != nil {
			t.Error(err)
		}
		body.Read(make([]byte, 1))
		if account.taken != 40 {
			t.Errorf("%q: %d bytes of memory are still taken after the body was read, want 40", text, account.taken)
		}
	}
}

// The body of a response can be set several times. Each time the backend's body is closed
// with it.
func TestSetBody_ClosesTheBackendsBody(t *testing.T) {
	closed := 0
	res := &http.Response{Body: readCloser{nil, closerFunc(func() error { closed++; return nil })}}
	for _, text := range []string{"first", "second", ""} {
		setBody(res, []byte(text))
	}
	setBody(res, []byte("last"))
	got, err := io.ReadAll(res.Body)
	if string(got) != "last" || err != nil {
		t.Errorf("the body is %q, %v; want last", got, err)
	}
	if res.Body.Close(); closed != 1 {
		t.Errorf("the backend's body was closed %d times, want once", closed)
	}
}

type closerFunc func() error

func (f closerFunc) Close() error { return f() }

// Metrics get the span of the request, so that their exemplars name its trace, and nothing
// else that a context has.
func TestContextOfSpan_HasTheSpanAlone(t *testing.T) {
	type key struct{}
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	ctx := context.WithValue(context.Background(), key{}, 1)
	for _, want := range []trace.SpanContext{{}, span} {
		got := contextOfSpan(trace.ContextWithSpanContext(ctx, want))
		if of := trace.SpanContextFromContext(got); !of.Equal(want) || got.Value(key{}) != nil {
			t.Errorf("contextOfSpan has the span %v and the value %v, want %v and none", of, got.Value(key{}), want)
		}
	}
}
