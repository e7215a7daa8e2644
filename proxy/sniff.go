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
	isJSON bool
}

// maxSniffed is how many bytes are looked at. White space, and what keeps scripts from
// reading JSON, are shorter.
const maxSniffed = 64

// startsJSON reports whether the body of a response is JSON by its first bytes. It waits for
// them, so the response reaches the client when its body begins. A compressed body could be
// JSON if its type is text.
func startsJSON(res *http.Response) bool {
	if body, ok := res.Body.(*sniffedBody); ok {
		return body.isJSON
	}
	switch {
	case res.ContentLength == 0, res.Body == http.NoBody:
		return false
	case len(contentCodings(res.Header)) > 0:
		return locate.IsText(res.Header)
	}
	body := &sniffedBody{Reader: bufio.NewReaderSize(res.Body, maxSniffed), Closer: res.Body}
	body.isJSON = body.sniff()
	res.Body = body
	return body.isJSON
}

func (b *sniffedBody) sniff() bool {
	for b.Buffered() < maxSniffed {
		_, err := b.Peek(b.Buffered() + 1)
		start, _ := b.Peek(b.Buffered())
		if is, known := locate.StartsJSON(start); known || err != nil {
			return is
		}
	}
	return false
}
