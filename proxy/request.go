package proxy

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/tracing"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// prepare notes what the response will depend on, and swaps enriched tokens
// back to originals. The error is the client's body breaking off. The request is
// ours alone, but not what it refers to.
func (p *Proxy) prepare(w http.ResponseWriter, r *http.Request, x *exchange) error {
	body, err := p.takeBody(w, r, x)
	if err != nil {
		return err
	}
	request := locate.Request{Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header, Body: body}
	if x.rule != nil {
		x.note(request)
	}
	if x.snapshot.Restore && r.Method != http.MethodTrace { // whose answer shows the client what we send (law D2)
		request = p.restore(r, x, request)
		restored := *r.URL
		restored.RawQuery = request.Query
		r.Header, r.URL = request.Header, &restored
	}
	if body != nil {
		x.taken = true
		setBody(r, request.Body)
	}
	return nil
}

// note notes what the response to a request that a rule matches will depend on.
func (x *exchange) note(request locate.Request) {
	x.asked = enrich.Grant{
		Refresh: isRefresh(x.rule, request),
		// A proof where tokens are used, too, need not be of a request for one.
		DPoP:     request.Header.Get("DPoP") != "" && !x.rule.Mixed,
		Client:   request.Param("grant_type") == "client_credentials",
		Provider: x.rule.provider(request.Path),
		Mark:     x.rule.OnFailure == enrich.Pass,
		Shadow:   x.snapshot.Shadow,
		Code:     request.Param("code"),
		State:    request.Param("state"),
	}
	if x.rule.Deletes {
		x.bearer = bearerOf(request.Header)
	}
}

// bearerOf is the token of an Authorization header, whatever its scheme.
func bearerOf(h http.Header) string {
	_, token, _ := strings.Cut(h.Get("Authorization"), " ")
	return strings.TrimSpace(token)
}

func isRefresh(rule *Rule, request locate.Request) bool {
	switch rule.Refresh {
	case RefreshAlways:
		return true
	case RefreshNever:
		return false
	}
	return request.IsRefresh()
}

func (p *Proxy) restore(r *http.Request, x *exchange, request locate.Request) locate.Request {
	_, span := tracing.Start(r.Context(), "restore")
	defer span.End()
	places := x.snapshot.Rules.anywhere
	if x.rule != nil {
		places = slices.Concat(places, x.rule.Tokens, x.rule.Restore)
	}
	forged := 0
	restored, at := request.Restore(places, func(token string) (original string, ok bool) {
		if forged < mostForged {
			original, ok = x.snapshot.Enricher.Restore(token)
		}
		if !ok {
			forged++
		}
		return original, ok
	})
	for _, location := range at {
		p.meters.restored.Add(r.Context(), 1, metric.WithAttributes(attribute.String("location", location)))
	}
	return restored
}

// mostForged bounds the tokens of a request that are looked into in vain (law
// B4): each may cost the check of a signature, and a form has room for thousands.
const mostForged = 100

// takeBody reads the body of a request that can hold tokens to restore or say
// whether it is a refresh. It is nil where the body is unread, or, of no announced
// length and over the limit, put back as it was.
func (p *Proxy) takeBody(w http.ResponseWriter, r *http.Request, x *exchange) ([]byte, error) {
	if !p.mayHoldTokens(r, x) {
		return nil, nil
	}
	// Not for longer than a response could take: what is read is held in memory.
	control := http.NewResponseController(w)
	control.SetReadDeadline(time.Now().Add(p.o.Timeouts.Response))
	body, err := io.ReadAll(io.LimitReader(r.Body, p.o.Limits.Body+1))
	if err != nil {
		return nil, err // the deadline stays, else the server waits for the rest
	}
	control.SetReadDeadline(time.Time{})
	if int64(len(body)) > p.o.Limits.Body {
		r.Body = readCloser{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
		return nil, nil
	}
	return body, nil
}

// mayHoldTokens reports whether the body of a request is to be read.
func (p *Proxy) mayHoldTokens(r *http.Request, x *exchange) bool {
	if r.Body == http.NoBody || r.ContentLength > p.o.Limits.Body || r.Header.Get("Content-Encoding") != "" {
		return false
	}
	switch {
	case locate.IsForm(r.Header):
		return x.rule != nil || x.snapshot.Restore
	case locate.IsJSON(r.Header), locate.IsMultipart(r.Header):
		return x.rule != nil
	}
	return false
}

// setBody gives the request a body that was read. A length that was announced
// is corrected, one that was not stays unannounced.
func setBody(r *http.Request, body []byte) {
	r.Body = readCloser{bytes.NewReader(body), r.Body}
	if r.ContentLength >= 0 {
		r.ContentLength = int64(len(body))
	}
}

// endAmbiguity has the connection of a chunked HTTP/1 request end with it. If it
// had a Content-Length, too, which net/http hides from us, then a proxy before us
// may take what follows for its body: RFC 9112, section 6.1, closes there.
func endAmbiguity(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 {
		w.Header().Set("Connection", "close")
	}
}

// clientBody notes that the client's body could not be read: then it is not the
// backend that failed. At its end the trailers are there.
type clientBody struct {
	io.ReadCloser
	broken *atomic.Bool
	ended  func()
}

// Read implements [io.Reader].
func (b *clientBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch err {
	case nil, http.ErrBodyReadAfterClose:
	case io.EOF:
		b.ended()
	default:
		b.broken.Store(true)
	}
	return n, err
}

type readCloser struct {
	io.Reader
	io.Closer
}
