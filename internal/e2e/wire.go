package e2e

import (
	"bufio"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Closing is a request after which the sidecar closes the connection: put behind
// other bytes it ends the answers, and shows whether they left the connection in
// step.
const Closing = "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

// Statuses returns the status codes of responses that follow each other, with
// spaces between them, or "closed" where there is none.
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
