// Backend is the auth backend of the measurements. It answers tokens that it has signed
// before the first request, so that it costs little next to the proxy that is measured.
//
//	POST /oauth/token   a form with username=uN; the access_token of that user
//	GET /bytes/N        JSON of N bytes
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
)

func main() {
	address := flag.String("address", "127.0.0.1:18080", "where it listens")
	folder := flag.String("keys", "keys", "the folder of keys")
	algorithm := flag.String("algorithm", "ES256", "of the tokens")
	users := flag.Int("users", 10_000, "the number of users")
	padding := flag.Int("padding", 0, "the bytes that a response to a login has in addition")
	flag.Parse()
	key, err := fixture.Folder(*folder).BackendKey(*algorithm)
	if err != nil {
		log.Fatal(err)
	}
	s := &server{}
	if s.logins, err = logins(key, *users, *padding); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *address) // after the signatures: who connects gets responses
	if err != nil {
		log.Fatal(err)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go s.serve(conn)
	}
}

// logins returns the responses to the logins of all users.
func logins(key fixture.Key, users, padding int) ([][]byte, error) {
	now := time.Now().Add(-5 * time.Second) // valid on machines whose clocks differ a little
	fill := strings.Repeat("x", padding)
	responses := make([][]byte, users)
	for i := range responses {
		claims, err := json.Marshal(fixture.NewClaims(i, now))
		if err != nil {
			return nil, err
		}
		token, err := key.Sign(claims)
		if err != nil {
			return nil, err
		}
		body := fmt.Appendf(nil, `{"access_token":%q,"token_type":"Bearer","expires_in":86400,"refresh_token":"r-%032x",`+
			`"scope":"openid profile email offline_access","user_id":%q`, token, i, fixture.UserID(i))
		if padding > 0 {
			body = fmt.Appendf(body, `,"padding":%q`, fill)
		}
		responses[i] = response(append(body, '}'))
	}
	return responses, nil
}

// response returns the bytes of a response with a JSON body.
func response(body []byte) []byte {
	head := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: %d\r\n\r\n", len(body))
	return append(head, body...)
}
