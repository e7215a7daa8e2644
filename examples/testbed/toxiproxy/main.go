// Toxiproxy disturbs TCP connections for the tests, which control it over its HTTP
// API (github.com/Shopify/toxiproxy). The API listens on a loopback port. Toxiproxy
// prints its address and serves until it is killed.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "toxiproxy:", err)
		os.Exit(1)
	}
}

func run() error {
	zerolog.SetGlobalLevel(zerolog.Disabled)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	fmt.Println("http://" + listener.Addr().String())
	return http.Serve(listener, server.Routes())
}
