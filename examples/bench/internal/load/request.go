package load

import (
	"fmt"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
)

// A Request appends the bytes of a request for a user to buf.
type Request func(buf []byte, user int) []byte

// headers are the fields that all requests have.
const headers = "Host: bench.example\r\nUser-Agent: bench\r\nAccept: application/json\r\n"

// Login returns the password login of a user: a form.
func Login(path string) Request {
	return func(buf []byte, user int) []byte {
		form := "grant_type=password&password=secret&username=" + fixture.UserID(user)
		return fmt.Appendf(buf, "POST %s HTTP/1.1\r\n%sContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
			path, headers, len(form), form)
	}
}

// Get returns a request without a body, the same for all users.
func Get(path string) Request {
	return func(buf []byte, _ int) []byte {
		return fmt.Appendf(buf, "GET %s HTTP/1.1\r\n%s\r\n", path, headers)
	}
}
