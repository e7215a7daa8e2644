package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strconv"
	"sync"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
	"github.com/tokengraft/tokengraft/examples/bench/internal/http1"
)

// A server answers prepared bytes, one request of a connection after the other.
type server struct {
	logins [][]byte // of each user
	bodies sync.Map // the response to /bytes/N: string to []byte
}

func (s *server) serve(conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	var request http1.Message
	for request.Read(reader) == nil {
		if _, err := conn.Write(s.answer(&request)); err != nil || request.Close {
			return
		}
	}
}

var notFound = []byte("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

func (s *server) answer(request *http1.Message) []byte {
	target := request.Target()
	if bytes.Equal(target, []byte("/oauth/token")) {
		if user, ok := username(request.Body); ok && user < len(s.logins) {
			return s.logins[user]
		}
	}
	if size, ok := bytes.CutPrefix(target, []byte("/bytes/")); ok {
		return s.sized(string(size))
	}
	return notFound
}

// username returns the user that a form names.
func username(form []byte) (int, bool) {
	_, value, ok := bytes.Cut(form, []byte("username="))
	if !ok {
		return 0, false
	}
	value, _, _ = bytes.Cut(value, []byte("&"))
	return fixture.UserNumber(string(value))
}

// sized returns a response with JSON of so many bytes.
func (s *server) sized(size string) []byte {
	if known, ok := s.bodies.Load(size); ok {
		return known.([]byte)
	}
	const frame = `{"data":""}`
	n, err := strconv.Atoi(size)
	if err != nil || n < len(frame) || n > 16<<20 {
		return notFound
	}
	made := response(fmt.Appendf(nil, `{"data":"%s"}`, bytes.Repeat([]byte("x"), n-len(frame))))
	s.bodies.Store(size, made)
	return made
}
