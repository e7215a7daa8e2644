// Floor is the least program that does the sidecar's job honestly: httputil.ReverseProxy,
// and for each login a check of signature, issuer and times, the cached document,
// and a signature. It shows how little a login can cost in Go, and is not a product: it knows one
// path, one issuer and one key, has no limits, and forgives the backend nothing.
package main

import (
	"flag"
	"log"
	"net/url"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
	"github.com/tokengraft/tokengraft/examples/bench/internal/hop"
)

func main() {
	address := flag.String("address", "127.0.0.1:18081", "where it listens")
	backend := flag.String("backend", "http://127.0.0.1:18080", "where requests are sent")
	folder := flag.String("keys", "keys", "the folder of keys")
	algorithm := flag.String("algorithm", "ES256", "of the tokens")
	users := flag.Int("users", 10_000, "the number of users whose documents are cached")
	size := flag.Int("size", 0, "the size of a document; 0 is about 320 bytes")
	flag.Parse()
	target, err := url.Parse(*backend)
	if err != nil {
		log.Fatal(err)
	}
	documents, err := cacheOf(*users, *size)
	if err != nil {
		log.Fatal(err)
	}
	e, err := newEnricher(fixture.Folder(*folder), *algorithm, documents)
	if err != nil {
		log.Fatal(err)
	}
	proxy := hop.Proxy(target)
	proxy.ModifyResponse = e.modifyResponse
	hop.Serve(*address, proxy)
}

// A cache has the documents by user ID.
type cache = ristretto.Cache[string, []byte]

// cacheOf returns a cache with the documents of all users.
func cacheOf(users, size int) (*cache, error) {
	documents, err := ristretto.NewCache(&ristretto.Config[string, []byte]{
		NumCounters: 10 * int64(users),
		MaxCost:     1 << 30,
		BufferItems: 64,
	})
	if err != nil {
		return nil, err
	}
	for i := range users {
		document := fixture.Document(i, size)
		documents.Set(fixture.UserID(i), document, int64(len(document)))
		documents.Wait()
	}
	return documents, nil
}
