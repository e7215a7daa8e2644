package e2e

import (
	"bufio"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Closing is a request after which the sidecar closes the connection. Sent after other
// bytes, it ends the responses, and its response shows whether the sidecar still reads
// requests at the right place.
const Closing = "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

// Statuses returns the status codes of the responses in a text, separated by spaces,
// or "closed" if there is no response.
func Statuses(text string) string {
	var codes []string
	in := bufio.NewReader(strings.NewReader(text))
	for {
		response, err := http.ReadResponse(in, nil)
		if err != nil {
			break
		}
		io.Copy(io.Discard, response.Body)
		codes = append(codes, strconv.Itoa(response.StatusCode))
	}
	if len(codes) == 0 {
		return "closed"
	}
	return strings.Join(codes, " ")
}
