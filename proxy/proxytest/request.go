package proxytest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// A Request is a request, byte for byte.
type Request struct {
	// Line is the request line, and Header are the lines of the header, without line
	// ends.
	Line   string
	Header []string
	// Body is the body that ReadBody has read. A chunked body includes its chunk sizes
	// and trailers.
	Body string

	conn net.Conn
	in   *bufio.Reader
}

func readRequest(conn net.Conn, in *bufio.Reader) (*Request, error) {
	r := &Request{conn: conn, in: in}
	for {
		line, err := in.ReadString('\n')
		line = strings.TrimRight(line, "\r\n")
		switch {
		case err != nil:
			return nil, err
		case r.Line == "":
			r.Line = line
		case line == "":
			return r, nil
		default:
			r.Header = append(r.Header, line)
		}
	}
}

// Get returns the value of the first header line of this name, and whether there is one.
func (r *Request) Get(name string) (value string, ok bool) {
	for _, line := range r.Header {
		if key, value, _ := strings.Cut(line, ": "); strings.EqualFold(key, name) {
			return value, true
		}
	}
	return "", false
}

// ReadBody reads the body into Body. It is chunked or has a Content-Length, as the header
// says.
func (r *Request) ReadBody() {
	if coding, _ := r.Get("Transfer-Encoding"); coding == "chunked" {
		r.readChunks()
		return
	}
	length, _ := r.Get("Content-Length")
	n, _ := strconv.Atoi(length)
	body := make([]byte, n)
	read, _ := io.ReadFull(r.in, body)
	r.Body = string(body[:read])
}

// readChunks reads up to the empty line after the last chunk and the trailers.
func (r *Request) readChunks() {
	for last := false; ; {
		line, err := r.in.ReadString('\n')
		r.Body += line
		if err != nil || last && line == "\r\n" {
			return
		}
		size, err := strconv.ParseInt(strings.TrimSpace(line), 16, 32)
		if last || err != nil {
			continue // a trailer
		}
		last = size == 0
		if !last {
			chunk := make([]byte, size+2)
			n, _ := io.ReadFull(r.in, chunk)
			r.Body += string(chunk[:n])
		}
	}
}

// Send sends text to the peer. It ignores errors, because the peer may have closed the
// connection.
func (r *Request) Send(text string) { io.WriteString(r.conn, text) }

// SendJSON sends a response with status 200 and a JSON body.
func (r *Request) SendJSON(body string) {
	r.Send(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
}

// Receive returns the next n bytes that the peer sends, or fewer if the connection ends.
func (r *Request) Receive(n int) string {
	text := make([]byte, n)
	read, _ := io.ReadFull(r.in, text)
	return string(text[:read])
}

// WaitClosed waits until the peer has closed the connection.
func (r *Request) WaitClosed() { io.Copy(io.Discard, r.in) }

// Close closes the connection.
func (r *Request) Close() { r.conn.Close() }
