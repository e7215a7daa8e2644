package proxytest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// A Request is a request as it stood on the wire.
type Request struct {
	// Line is the request line, Header the lines below it.
	Line   string
	Header []string
	// Body is what ReadBody has read, with its chunks and trailers.
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

// Get returns the value of a header line, and whether there is one. Of several
// the first counts.
func (r *Request) Get(name string) (value string, ok bool) {
	for _, line := range r.Header {
		if key, value, _ := strings.Cut(line, ": "); strings.EqualFold(key, name) {
			return value, true
		}
	}
	return "", false
}

// ReadBody reads the body as the header frames it.
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

// readChunks reads up to the empty line behind the last chunk and its trailers.
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

// Send sends text as it is. That the peer is gone is no fault.
func (r *Request) Send(text string) { io.WriteString(r.conn, text) }

// SendJSON sends a response 200 with a body of JSON.
func (r *Request) SendJSON(body string) {
	r.Send(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
}

// Receive returns the next n bytes that the peer sends.
func (r *Request) Receive(n int) string {
	text := make([]byte, n)
	read, _ := io.ReadFull(r.in, text)
	return string(text[:read])
}

// WaitClosed returns when the peer has closed the connection.
func (r *Request) WaitClosed() { io.Copy(io.Discard, r.in) }

// Close closes the connection.
func (r *Request) Close() { r.conn.Close() }
