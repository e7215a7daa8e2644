// Store answers the few commands of MongoDB's wire protocol with which a sidecar reads
// documents, each find after a fixed time. It is a load target for measurements of
// processor time: the same work for every run, and little of it. It is not a database and
// not a test double. Tests use FerretDB or a real MongoDB.
//
// It has one collection with the documents of fixture, finds them by user_id, and has
// no change streams.
package main

import (
	"flag"
	"log"
	"net"
	"time"
)

func main() {
	address := flag.String("address", "127.0.0.1:18090", "where it listens")
	users := flag.Int("users", 10_000, "the number of users")
	size := flag.Int("size", 0, "the size of a document as JSON in bytes; 0 is about 320")
	delay := flag.Duration("delay", time.Millisecond, "the time before a find is answered")
	flag.Parse()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	s := &server{users: *users, size: *size, delay: *delay}
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go s.serve(conn)
	}
}
