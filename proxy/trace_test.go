package proxy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

const traced = "POST /login?code=secret HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n" +
	"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n"

func TestTracing_ShowsEachStepAndNoSecret(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(spans))
	var token string
	var parent string
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.ReadBody()
		parent, _ = r.Get("Traceparent")
		r.Send(loginResponse(token))
	})
	f := start(t, backend.URL, setup{
		rules:   logins(t),
		options: func(o *proxy.Options) { o.Tracer = provider.Tracer("test") },
	})
	token = f.token("")
	f.ask(t, traced)
	waitFor(t, "7 spans", func() bool { return len(spans.GetSpans()) >= 7 })

	var names []string
	for _, span := range spans.GetSpans() {
		names = append(names, span.Name)
		if got := span.SpanContext.TraceID().String(); got != "4bf92f3577b34da6a3ce929d0e0e4736" {
			t.Errorf("span %s belongs to trace %s, want the client's trace", span.Name, got)
		}
		text := fmt.Sprint(span.Name, span.Attributes, span.Events, span.Status)
		for _, secret := range []string{"secret", "u1", token} {
			if strings.Contains(text, secret) {
				t.Errorf("span %s contains %q, want no secret, user id or token", text, secret)
			}
		}
		if span.Name == "backend" && !strings.Contains(parent, span.SpanContext.SpanID().String()) {
			t.Errorf("the backend got traceparent %s, want the span %s in it", parent, span.SpanContext.SpanID())
		}
	}
	slices.Sort(names)
	if want := []string{"POST /login", "backend", "bind", "lookup", "restore", "sign", "verify"}; !slices.Equal(names, want) {
		t.Errorf("spans = %q, want %q", names, want)
	}
}

func TestTracing_ForwardsTheTraceContextUnchangedWithoutATracer(t *testing.T) {
	f, backend := startResponding(t, answer("HTTP/1.1 200 OK", ""), setup{})
	f.ask(t, traced)
	if got, _ := backend.Requests()[0].Get("Traceparent"); got != "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" {
		t.Errorf("the backend got traceparent %q, want the client's", got)
	}
}
