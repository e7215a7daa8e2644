package proxy

import (
	"bufio"
	"io"
	"net/http"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A sniffedBody is the body of a response whose first bytes were looked at. It has all
// bytes.
type sniffedBody struct {
	*bufio.Reader
	io.Closer
	starts
}

// starts says what a body could be by its first bytes.
type starts struct{ asJSON, asToken bool }

// maxSniffed is how many bytes are looked at. White space, and what keeps scripts from
// reading JSON, are shorter.
const maxSniffed = 64

// startsOf says what the body of a response is by its first bytes. It waits for them, so
// the response reaches the client when its body begins. A compressed body could be anything
// if its type is text.
func startsOf(res *http.Response) starts {
	if body, ok := res.Body.(*sniffedBody); ok {
		return body.starts
	}
	switch {
	case res.ContentLength == 0, res.Body == http.NoBody:
		return starts{}
	case len(contentCodings(res.Header)) > 0:
		isText := locate.IsText(res.Header)
		return starts{isText, isText}
	}
	body := &sniffedBody{Reader: bufio.NewReaderSize(res.Body, maxSniffed), Closer: res.Body}
	body.sniff()
	res.Body = body
	return body.starts
}

func (b *sniffedBody) sniff() {
	for b.Buffered() < maxSniffed {
		_, err := b.Peek(b.Buffered() + 1)
		start, _ := b.Peek(b.Buffered())
		isJSON, knownJSON := locate.StartsJSON(start)
		isToken, knownToken := locate.StartsToken(start)
		b.starts = starts{isJSON && knownJSON, isToken && knownToken}
		if b.asJSON || b.asToken || knownJSON && knownToken || err != nil {
			return
		}
	}
}
