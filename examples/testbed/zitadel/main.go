// Zitadel is a third-party OpenID provider: the example provider of zitadel/oidc,
// with JWT access tokens. Its issuer is an argument, so that it can be the public
// address of a sidecar in front of it.
//
//	zitadel ISSUER REDIRECT_URI [ADDR]
//
// It listens on a loopback port, prints its address and serves until it is killed or
// interrupted. The client is "web" with the secret "secret", and the user is
// test-user@localhost with the password verysecure.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

func main() {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		fmt.Fprintln(os.Stderr, "usage: zitadel ISSUER REDIRECT_URI [ADDR]")
		os.Exit(2)
	}
	address := "127.0.0.1:0"
	if len(os.Args) == 4 {
		address = os.Args[3]
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	go func() {
		<-interrupted
		os.Exit(0)
	}()
	if err := run(os.Args[1], os.Args[2], address); err != nil {
		fmt.Fprintln(os.Stderr, "zitadel:", err)
		os.Exit(1)
	}
}

func run(issuer, redirectURI, address string) error {
	storage.RegisterClients(storage.WebClient("web", "secret", redirectURI), storage.WebClient("api", "secret"))
	store := storage.NewStorage(storage.NewUserStore(issuer))
	handler := exampleop.SetupServer(issuer, jwtStorage{store}, slog.New(slog.NewTextHandler(io.Discard, nil)), false)

	ln, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", ln.Addr())
	return http.Serve(ln, handler)
}

// jwtStorage makes the access tokens of all clients JWTs. The example provider issues
// opaque ones.
type jwtStorage struct{ *storage.Storage }

func (s jwtStorage) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := s.Storage.GetClientByClientID(ctx, id)
	if err != nil {
		return nil, err
	}
	return jwtClient{c}, nil
}

type jwtClient struct{ op.Client }

func (jwtClient) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }
