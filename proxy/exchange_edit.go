package proxy

import (
	"bytes"
	"context"
	"net/http"
	"slices"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// An editFunc edits the JSON body of a 200 response that has no tokens. It does not
// write to its argument.
type editFunc func(ctx context.Context, body []byte) ([]byte, error)

// editor returns the function that edits the response to a request: a discovery
// document, an object that gets the claims, or a response with addresses. It returns nil
// if the response is not edited.
func (x *exchange) editor(r *http.Request) editFunc {
	path, s := cleanPath(r.URL.Path), x.snapshot
	switch {
	case x.rule != nil && len(x.rule.Addresses) > 0:
		return x.addressEditor(r, x.rule.Addresses)
	case !s.Shadow && slices.Contains(s.ObjectPaths, path) && (r.Method == http.MethodGet || r.Method == http.MethodPost):
		return s.Enricher.EnrichObject
	case slices.Contains(s.DiscoveryPaths, path) && r.Method == http.MethodGet:
		return func(_ context.Context, document []byte) ([]byte, error) { return s.Edit(document), nil }
	}
	return nil
}

// edits reports whether to edit the body of a response.
func (x *exchange) edits(res *http.Response) bool {
	return x.edit != nil && res.StatusCode == http.StatusOK && locate.IsJSON(res.Header)
}

// editBody edits the body of a response. If that fails, the body stays unchanged, which
// is safe: a missing claim never grants access (law H5).
func (x *exchange) editBody(res *http.Response) error {
	body, err := x.readBody(res)
	if err != nil || body.decoded == nil {
		return err
	}
	edited, err := x.edit(context.WithoutCancel(res.Request.Context()), body.decoded)
	if err != nil {
		x.warn("answer", "cannot add the claim to a response: it is forwarded unchanged", "error", err)
		return nil
	}
	if !bytes.Equal(edited, body.decoded) {
		writeBody(res, locate.Response{Header: res.Header, Body: body.decoded}, locate.Response{Header: res.Header, Body: edited})
		if x.rule != nil && len(x.rule.Addresses) > 0 {
			x.proxy.varyByOrigin(res.Header)
		}
	}
	return nil
}
