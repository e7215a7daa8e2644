package proxy

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// A problem is an error answer of our own (RFC 9457). It tells the client
// nothing of the inside; the log has the cause. None is 401: clients log their
// users out on it.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

var (
	problemUnreachable = problem{"urn:tokengraft:backend-unreachable", "Backend unreachable", http.StatusBadGateway, "The authentication backend cannot be reached or broke off its answer."}
	problemTimeout     = problem{"urn:tokengraft:backend-timeout", "Backend timed out", http.StatusGatewayTimeout, "The authentication backend did not answer in time."}
	problemRefused     = problem{"urn:tokengraft:enrichment-failed", "Tokens could not be completed", http.StatusServiceUnavailable, "The tokens were issued, but the user's data could not be added to them."}
	problemRejected    = problem{"urn:tokengraft:rejected", "Sign-in rejected", http.StatusForbidden, "The user's data could not be set up, so no tokens are issued."}
	problemFailing     = problem{"urn:tokengraft:documents-unavailable", "Users' data not available", http.StatusServiceUnavailable, "The users' data cannot be had at the moment; the request was not sent on and can be repeated."}
	problemNoKeys      = problem{"urn:tokengraft:keys-unavailable", "Keys not available yet", http.StatusServiceUnavailable, "The authentication backend's keys have not been had yet."}
	problemHeaders     = problem{"urn:tokengraft:headers-too-large", "Request header fields too large", http.StatusRequestHeaderFieldsTooLarge, "The request's header is larger than limits.headers."}
	problemRequest     = problem{"urn:tokengraft:request-broken", "Request body incomplete", http.StatusBadRequest, "The request's body broke off or took too long."}
	problemHost        = problem{"urn:tokengraft:host-invalid", "Invalid host", http.StatusBadRequest, "The request's host has characters that no host has."}
	problemMethod      = problem{"urn:tokengraft:method-not-allowed", "Method not allowed", http.StatusMethodNotAllowed, "The JWK Set can only be read."}
	problemInternal    = problem{"urn:tokengraft:internal", "Internal error", http.StatusInternalServerError, "The sidecar failed on this request; its log says where."}
)

func (p problem) status() int { return p.Status }

// header sets the header fields of the problem and returns its body.
func (p problem) header(h http.Header) []byte {
	body, _ := json.Marshal(p)
	setBodyHeader(h, "application/problem+json", body)
	return body
}

// setBodyHeader sets the header fields of an answer of our own.
func setBodyHeader(h http.Header, contentType string, body []byte) {
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
}

func (p problem) write(w http.ResponseWriter) {
	body := p.header(w.Header())
	w.WriteHeader(p.Status)
	w.Write(body)
}

// statusClientGone is what the log says of a client that did not wait; it is
// never sent. The number is nginx's.
const statusClientGone = 499

// proxyError answers for a backend that did not. It is the one place where
// causes become statuses.
func (p *Proxy) proxyError(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case clientGone(r.Context()):
		w.(*recorder).status = statusClientGone
		// Not just return, which would be an empty 200: a client that merely
		// stopped sending looks the same.
		panic(http.ErrAbortHandler)
	case exchangeOf(r.Context()).broken.Load():
		problemRequest.write(w)
		return
	case timedOut(r.Context(), err):
		problemTimeout.write(w)
	default:
		problemUnreachable.write(w)
	}
	attrs := []any{"backend", p.o.Backend.Host, "error", loggable(err)}
	if advice := Advice(err); advice != "" {
		attrs = append(attrs, "advice", advice)
	}
	p.notices.warn(p.o.Logger, exchangeOf(r.Context()).rule, "backend", "backend did not answer", attrs...)
}

// timedOut tells a backend that is slow from one that is not there: that is
// unreachable, however long it took to find out.
func timedOut(ctx context.Context, err error) bool {
	if operation, ok := errors.AsType[*net.OpError](err); ok && operation.Op == "dial" {
		return context.Cause(ctx) != nil
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

var errBroken = errors.New("it closed the connection, or sent what cannot be read as HTTP")

// loggable returns an error of the network as it is. Others quote what the
// backend sent, in which there may be tokens.
func loggable(err error) error {
	_, network := errors.AsType[net.Error](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	if network || certificate || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return errBroken
}
