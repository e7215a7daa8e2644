// Bare is httputil.ReverseProxy with nothing added: the yardstick that everything else
// is compared with. By default its transport and its buffers are tuned for load.
package main

import (
	"flag"
	"log"
	"net/http/httputil"
	"net/url"

	"github.com/tokengraft/tokengraft/examples/bench/internal/hop"
)

func main() {
	address := flag.String("address", "127.0.0.1:18081", "where it listens")
	backend := flag.String("backend", "http://127.0.0.1:18080", "where requests are sent")
	tuned := flag.Bool("tuned", true, "keep more connections to the backend, and reuse buffers")
	flag.Parse()
	target, err := url.Parse(*backend)
	if err != nil {
		log.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	if *tuned {
		proxy = hop.Proxy(target)
	}
	hop.Serve(*address, proxy)
}
