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

// editor returns the function that edits the response to a request: a discovery
// document, an object that gets the claims, or one with addresses. It is nil for
// all others.
func (x *exchange) editor(r *http.Request) editFunc {
	path, s := cleanPath(r.URL.Path), x.snapshot
	switch {
	case x.rule != nil && len(x.rule.Addresses) > 0:
		return x.proxy.addressEditor(r, x.rule.Addresses)
	case !s.Shadow && slices.Contains(s.ObjectPaths, path) && (r.Method == http.MethodGet || r.Method == http.MethodPost):
		return s.Enricher.EnrichObject
	case slices.Contains(s.DiscoveryPaths, path) && r.Method == http.MethodGet:
		return func(_ context.Context, document []byte) ([]byte, error) { return s.Edit(document), nil }
	}
	return nil
}

// edits reports whether the body of a response is edited.
func (x *exchange) edits(res *http.Response) bool {
	return x.edit != nil && res.StatusCode == http.StatusOK && locate.IsJSON(res.Header)
}

// editBody edits the body of a response. A body that cannot be edited stays as it
// is, because a missing claim grants nothing.
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
