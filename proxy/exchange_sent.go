package proxy

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// showSent puts the tokens that the client sent into the address that a response redirects
// to. Many backends repeat the query there, in which they got originals, and an original
// must not reach the client (law D2).
func (x *exchange) showSent(res *http.Response) {
	lines := res.Header["Location"]
	if len(x.restored) == 0 || len(lines) == 0 {
		return // the usual case
	}
	var tokens []locate.Occurrence
	if x.rule != nil {
		tokens = x.locateIn(res.Header, responseBody{}).tokens
	}
	for i, line := range lines {
		if lines[i] = x.asSent(line, tokens, x.proxy.options.Limits.Headers); lines[i] != line {
			dropHeaders(res, messageFields)
		}
	}
}

// showSentInBody does the same in the body of a response of a gate, which would refuse the
// page of such a redirect. It returns the response that is sent, with its tokens.
func (x *exchange) showSentInBody(res *http.Response, l located) located {
	if len(x.restored) == 0 || !locate.IsText(res.Header) {
		return l
	}
	before := string(l.response.Body)
	body := x.asSent(before, l.tokens, x.proxy.options.Limits.Body)
	if body == before {
		return l
	}
	shown := locate.Response{Header: res.Header, Body: []byte(body)}
	writeBody(res, l.response, shown)
	return x.locateIn(res.Header, responseBody{decoded: shown.Body})
}

// asSent returns a text with the tokens of the client instead of their originals, if the
// text is then not larger than the limit. Originals among the located tokens stay, because
// the rule decides about them.
func (x *exchange) asSent(text string, tokens []locate.Occurrence, limit int64) string {
	for original, sent := range x.restored {
		found := func(f locate.Occurrence) bool { return f.Token == original }
		grows := strings.Count(text, original) * (len(sent) - len(original))
		if grows != 0 && int64(len(text)+grows) <= limit && !slices.ContainsFunc(tokens, found) {
			text = strings.ReplaceAll(text, original, sent)
		}
	}
	return text
}
