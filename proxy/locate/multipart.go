package locate

import (
	"bytes"
	"io"
	"iter"
	"mime"
	"mime/multipart"
	"net/http"
)

func isMultipart(media string) bool { return media == "multipart/form-data" }

// maxParts limits the work on one body. Real forms have far fewer parts.
const maxParts = 1000

// parts yields the names and values of the fields of a multipart form (RFC 7578),
// which browsers send for FormData. Of an incomplete form it yields the fields before
// the end.
func parts(header http.Header, body []byte) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		_, params, _ := mime.ParseMediaType(header.Get("Content-Type"))
		if params["boundary"] == "" {
			return
		}
		form := multipart.NewReader(bytes.NewReader(body), params["boundary"])
		for range maxParts {
			part, err := form.NextRawPart()
			if err != nil {
				return
			}
			value, _ := io.ReadAll(part)
			if !yield(part.FormName(), string(value)) {
				return
			}
		}
	}
}
