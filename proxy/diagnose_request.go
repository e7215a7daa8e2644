package proxy

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// maxUpload limits the body of a request that is searched for enriched tokens, in bytes.
const maxUpload = 64 << 10

// awaitUpload is how long the search of a response waits for that of its request.
const awaitUpload = time.Second

// An upload is the body of a request that is searched for enriched tokens which no place
// restores. That happens in the background, after the body has been read.
type upload struct {
	searched chan struct{}      // closed at the end of the search
	whole    bool               // tokens is complete; false if the search was skipped
	tokens   map[tokenHash]bool // in the body
	account  account
}

// notSearched stands for the body of a request that was not searched only because enough
// others were. The response is not searched then, because it may repeat a token.
var notSearched = &upload{}

// diagnoseRequest looks for enriched tokens that were not restored in the request that the
// backend gets. Its Body is the one that was read before, and nil if it was not.
func (x *exchange) diagnoseRequest(r *http.Request, request locate.Request) {
	d := x.proxy.diagnosis
	if d == nil || r.Method == http.MethodTrace {
		return
	}
	a, ok := x.snapshot.Enricher.(appraiser)
	if !ok {
		return
	}
	inHead, inBody := x.mayReturnInHead(request), x.mayReturnInBody(r, request)
	if !inHead && !inBody {
		return
	}
	shape := x.shape()
	if !d.looksAt(d.shapes.request(shape)) {
		if inBody {
			x.upload = notSearched
		}
		return
	}
	if inHead {
		head := request
		head.Body, head.Header = nil, request.Header.Clone()
		d.start(func() { x.searchRequest(a, shape, head) }, func() {})
	}
	if inBody {
		x.searchUpload(a, shape, r, request)
	}
}

// shortestToken is less than the length of any token that is signed. Most lines of a header are
// shorter, so they are not searched.
const shortestToken = 64

// mayReturnInHead reports whether the header or the query may have enriched tokens. Without
// restore they may not have what MayRestore looks for.
func (x *exchange) mayReturnInHead(request locate.Request) bool {
	may := x.snapshot.Enricher.MayRestore
	if !x.snapshot.Restore {
		if x.proxy.diagnosis.saidRestoreOff.Load() {
			return false
		}
		may = hasTokenStart
	}
	for _, lines := range request.Header {
		for _, line := range lines {
			if len(line) >= shortestToken && may(line) {
				return true
			}
		}
	}
	return len(request.Query) >= shortestToken && may(request.Query)
}

// mayReturnInBody reports whether to search the body: a small one of JSON, a form or other
// text.
func (x *exchange) mayReturnInBody(r *http.Request, request locate.Request) bool {
	switch {
	case r.Body == http.NoBody, len(contentCodings(r.Header)) > 0, !locate.IsText(r.Header):
		return false
	case request.Body != nil:
		return len(request.Body) <= maxUpload && bytes.Contains(request.Body, []byte(startsToken))
	}
	return 0 < r.ContentLength && r.ContentLength <= min(maxUpload, x.proxy.options.Limits.Body)
}

// searchUpload searches the body of a request: the one that was read, or a copy of what
// the backend reads.
func (x *exchange) searchUpload(a appraiser, shape string, r *http.Request, request locate.Request) {
	u := &upload{searched: make(chan struct{}), account: account{memory: x.account.memory, responses: x.proxy.options.Responses}}
	x.upload = u
	request.Header, request.Query = http.Header{"Content-Type": request.Header["Content-Type"]}, ""
	if request.Body != nil {
		if !u.account.take(int64(len(request.Body))) {
			close(u.searched)
			return
		}
		request.Body = bytes.Clone(request.Body)
		x.proxy.diagnosis.start(func() { u.search(x, a, shape, request) }, u.close)
		return
	}
	body := &copiedBody{ReadCloser: r.Body, copy: buffer{limit: maxUpload, length: r.ContentLength, grow: u.grow, grew: u.account.giveBack}}
	body.ended = func(err error) {
		request.Body = body.copy.bytes // body drops it when this function returns
		if int64(len(request.Body)) != r.ContentLength || !bytes.Contains(request.Body, []byte(startsToken)) {
			u.whole = !errors.Is(err, errNoMemory)
			u.close()
			return
		}
		x.proxy.diagnosis.start(func() { u.search(x, a, shape, request) }, u.close)
	}
	r.Body = body
}

func (u *upload) grow(to int64) error {
	if !u.account.takeLarge(to) {
		return errNoMemory
	}
	return nil
}

// close ends the search.
func (u *upload) close() {
	close(u.searched)
	u.account.close()
}

// search looks for tokens in the body.
func (u *upload) search(x *exchange, a appraiser, shape string, request locate.Request) {
	u.tokens = map[tokenHash]bool{}
	for _, f := range x.searchRequest(a, shape, request) {
		u.tokens[hashOf(f.Token)] = true
	}
	u.whole = true
}

// wait waits until the body has been searched, or for a limited time. It reports whether
// the tokens in it are known. A nil upload has none.
func (u *upload) wait() bool {
	if u == nil {
		return true
	}
	select {
	case <-u.searched:
		return u.whole
	case <-time.After(awaitUpload):
		return false
	}
}

// has reports whether a token is in the body. Call wait first.
func (u *upload) has(token string) bool { return u != nil && u.tokens[hashOf(token)] }

// searchRequest reports the enriched tokens in a part of a request, and returns all tokens.
func (x *exchange) searchRequest(a appraiser, shape string, part locate.Request) []locate.Occurrence {
	found := part.Survey()
	skip := func(f locate.Occurrence) bool {
		return x.snapshot.Restore && (!x.snapshot.Enricher.MayRestore(f.Token) || alwaysRestored(f.Location))
	}
	seen, _ := x.proxy.diagnosis.sees(a, found, skip, enrich.TokenReturned)
	if returned := seen[enrich.TokenReturned]; len(returned) > 0 {
		x.reportReturned(shape, returned)
	}
	return found
}

// alwaysRestored reports whether tokens at a location are restored in every request. One
// that was not is one too many in its request.
func alwaysRestored(loc locate.Location) bool {
	return loc == locate.MustParse("header:Authorization") || strings.HasPrefix(loc.String(), "cookie:")
}
