package proxy

import (
	"io"
	"net/http"
	"time"
)

// observePage counts the tokens of a form_post page in shadow mode. Unlike
// [exchange.isTokenPage] it holds nothing: it looks at a copy when the page has ended.
func (x *exchange) observePage(rule *Rule, res *http.Response, answered time.Time) {
	o := x.newObservation(res, answered)
	limit := min(maxPage, x.proxy.options.Limits.Body)
	body := &copiedBody{ReadCloser: res.Body, copy: buffer{limit: limit, length: res.ContentLength, grow: o.grow, grew: o.account.giveBack}}
	body.ended = func(err error) { o.endPage(rule, body.copy, err) }
	res.Body = body
}

// endPage is called when a page has ended.
func (o *observation) endPage(rule *Rule, page buffer, err error) {
	if err == io.EOF && int64(len(page.bytes)) <= page.limit {
		if decoded, err := o.decodePage(o.header, page.bytes); err == nil && o.issuesPage(rule, o.header, decoded) {
			o.adopt(rule, o.res)
			o.enrich(func() responseBody { return o.decode(page.bytes) })
			return
		}
	}
	o.account.close()
}
