package sidecar

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"strings"
)

// drainBytes is how much of an answer's body is read.
const drainBytes = 64 << 10

// A prober asks the backend for paths.
type prober struct {
	backend string
	client  http.Client
	nowhere string         // a segment that no path of the backend has
	answers map[string]int // the status by method and path; 0 means no answer
}

func newProber(k *checker) prober {
	p := prober{
		backend: k.cfg.Backend.String(),
		client:  *k.client,
		nowhere: "tokengraft-" + strings.ToLower(rand.Text()),
		answers: map[string]int{},
	}
	p.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return p
}

// verdict asks for a path with OPTIONS. If that does not show that the backend has it,
// and GET has no side effect there, it asks with GET too.
func (p prober) verdict(ctx context.Context, path probedPath) verdict {
	v := p.ask(ctx, http.MethodOptions, path)
	if v == pathKnown || !path.getSafe {
		return v
	}
	if get := p.ask(ctx, http.MethodGet, path); get == pathKnown || v == pathUnknown {
		return get
	}
	return pathUnclear
}

func (p prober) ask(ctx context.Context, method string, path probedPath) verdict {
	return compare(p.status(ctx, method, path.url()), p.status(ctx, method, path.neighbour(p.nowhere)))
}

// status returns the status of the answer to a request without a body and without
// credentials.
func (p prober) status(ctx context.Context, method, path string) int {
	key := method + " " + path
	if status, ok := p.answers[key]; ok {
		return status
	}
	status := 0
	if request, err := http.NewRequestWithContext(ctx, method, p.backend+path, nil); err == nil {
		if response, err := p.client.Do(request); err == nil {
			io.CopyN(io.Discard, response.Body, drainBytes) // otherwise closing resets the connection
			response.Body.Close()
			status = response.StatusCode
		}
	}
	p.answers[key] = status
	return status
}

// answered reports whether the backend has answered at all.
func (p prober) answered() bool {
	for _, status := range p.answers {
		if status != 0 {
			return true
		}
	}
	return false
}
