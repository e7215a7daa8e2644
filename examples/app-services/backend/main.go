// Backend serves a sample backend with the client API of App Services. JWT_SECRET
// is the secret of its tokens.
//
//	JWT_SECRET=… go run ./examples/app-services/backend ADDR
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

	"github.com/tokengraft/tokengraft/internal/demo/appservices"
)

func main() {
	if len(os.Args) != 2 || os.Getenv("JWT_SECRET") == "" {
		log.Fatal("usage: JWT_SECRET=… backend ADDR")
	}
	address := os.Args[1]
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: appservices.New(address, []byte(os.Getenv("JWT_SECRET"))), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	log.Printf("backend with the client API of App Services at http://%s", address)
	if err := server.Serve(listener); err != http.ErrServerClosed {
		log.Fatal(err)
	}
}
