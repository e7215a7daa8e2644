// Backend serves the sample legacy backend, by default on 127.0.0.1:9000. With
// health it checks that a running one answers.
//
//	go run ./examples/backend [ADDR]
//	go run ./examples/backend health ADDR
package main

import (
	"context"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tokengraft/tokengraft/internal/demo/backend"
)

func main() {
	address := "127.0.0.1:9000"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	if address == "health" && len(os.Args) == 3 {
		health(os.Args[2])
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	legacy, err := backend.New("https://legacy.example.com")
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: legacy, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	log.Printf("legacy auth backend at http://%s", address)
	if err := server.Serve(listener); err != http.ErrServerClosed {
		log.Fatal(err)
	}
}

// health is a health check for an image without a shell.
func health(address string) {
	response, err := (&http.Client{Timeout: 2 * time.Second}).Get("http://" + address + "/")
	if err != nil {
		log.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		log.Fatal(response.Status)
	}
}
