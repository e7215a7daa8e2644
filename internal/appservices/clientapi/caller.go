package clientapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/appservices"
)

var errStale = errors.New("the source failed, and its last document is too old to decide by")

// caller returns the user of a request with their custom data of this moment. Without it
// nothing is decided: a rule can be about what a document does not have.
func (h *Handler) caller(ctx context.Context, s enrich.Session, r *http.Request, c call) (appservices.Caller, error) {
	now := time.Now()
	found, err := h.o.Source.Lookup(ctx, enrich.Query{User: s.User, NotBefore: now, KeepUntil: now})
	if found.Stale && err == nil {
		err = errStale
	}
	if err != nil && !errors.Is(err, enrich.ErrNoDocument) {
		return appservices.Caller{}, &unavailable{"the custom data of a user could not be read", err}
	}
	return appservices.Caller{
		Identity: s.User,
		User:     hooks.UserObject(enrich.SignIn{User: s.User, At: now, Claims: []json.RawMessage{s.Claims}, Document: found.JSON}),
		Request:  h.describe(ctx, r, c),
	}, nil
}

// A request is context.request of functions and %%request of rules.
type request struct {
	RemoteIPAddress string              `json:"remoteIPAddress"`
	RequestHeaders  map[string][]string `json:"requestHeaders"`
	HTTPMethod      string              `json:"httpMethod"`
	HTTPUserAgent   string              `json:"httpUserAgent"`
	HTTPReferrer    string              `json:"httpReferrer"`
	RawQueryString  string              `json:"rawQueryString"` // always empty: SDKs send a token there
	Service         string              `json:"service"`
	Action          string              `json:"action"`
}

// describe returns a request as functions and rules see it: without credentials.
func (h *Handler) describe(ctx context.Context, r *http.Request, c call) json.RawMessage {
	text, _ := json.Marshal(request{
		RemoteIPAddress: h.o.Address(ctx), RequestHeaders: headersOf(r.Header),
		HTTPMethod: r.Method, HTTPUserAgent: r.UserAgent(), HTTPReferrer: r.Referer(),
		Service: c.service, Action: c.name,
	})
	return text
}

// headersOf returns headers without those that have credentials. A name that starts with $
// could be read as Extended JSON.
func headersOf(header http.Header) map[string][]string {
	kept := map[string][]string{}
	for name, values := range header {
		if name != "Authorization" && name != "Proxy-Authorization" && name != "Cookie" && !strings.HasPrefix(name, "$") {
			kept[name] = values
		}
	}
	return kept
}
