package proxy

import (
	"bytes"
	"context"
	"net/http"
	"slices"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// An editFunc edits the JSON body of a 200 response that holds no token.
type editFunc func(ctx context.Context, body []byte) ([]byte, error)

// editor returns what edits the response to a request: for a discovery document,
// for an answer that carries the claims, or for addresses. It is nil for all
// others.
func (x *exchange) editor(r *http.Request) editFunc {
	path, s := cleanPath(r.URL.Path), x.snapshot
	switch {
	case x.rule != nil && len(x.rule.Addresses) > 0:
		return x.proxy.addressEditor(r, x.rule.Addresses)
	case !s.Shadow && slices.Contains(s.Answers, path) && (r.Method == http.MethodGet || r.Method == http.MethodPost):
		return s.Enricher.EnrichObject
	case slices.Contains(s.Discovery, path) && r.Method == http.MethodGet:
		return func(_ context.Context, document []byte) ([]byte, error) { return s.Edit(document), nil }
	}
	return nil
}

// edits reports whether the body of a response is edited.
func (x *exchange) edits(res *http.Response) bool {
	return x.edit != nil && res.StatusCode == http.StatusOK && locate.IsJSON(res.Header)
}

// editBody edits the body of a response. What cannot be edited passes as it is:
// absence of the claim grants nothing.
func (x *exchange) editBody(res *http.Response) error {
	body, err := x.readBody(res)
	if err != nil || body.decoded == nil {
		return err
	}
	edited, err := x.edit(context.WithoutCancel(res.Request.Context()), body.decoded)
	if err != nil {
		x.warn("answer", "an answer passes without the claim", "error", err)
		return nil
	}
	if !bytes.Equal(edited, body.decoded) {
		writeBody(res, locate.Response{Header: res.Header, Body: body.decoded}, locate.Response{Header: res.Header, Body: edited})
	}
	return nil
}
