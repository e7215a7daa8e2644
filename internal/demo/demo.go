// Package demo is the demonstration: a sample legacy backend, a file of documents
// and a sidecar, running in this process.
package demo

import (
	"bytes"
	"context"
	cryptorand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/demo/backend"
	"github.com/tokengraft/tokengraft/internal/sidecar"
	"github.com/tokengraft/tokengraft/internal/telemetry"
)

// A Demo is a running demonstration.
type Demo struct {
	Dir                    string // of the configuration and the documents
	Backend, Public, Admin string // base URLs
	Token                  string // the admin token

	log         logBuffer // warnings and errors of the sidecar
	stopBackend func() error
	stopServing context.CancelFunc
	served      chan error
}

// documents has the documents of the users anna and ben.
const documents = `[
  {"user_account_id": "62efedca3587e6e83c0fc675", "primaryLanguage": "en", "city": "Wien", "visits": {"$numberLong": "9007199254740993"}},
  {"user_account_id": "5f1f216e82df4a7979f9da93", "primaryLanguage": "fr", "tags": ["<b>", "&"]}
]
`

const configuration = `listen: %s
admin: %s
admin_token: %s
backend: %s
rules:
  - match: POST /login
    tokens: [json:access_token, json:id_token]
  - match: POST /login/cookie
    tokens: [cookie:session]
  - match: POST /login/header
    tokens: [header:X-Auth-Token]
  - match: GET /authorize
    tokens: [fragment:access_token]
  - match: POST /oauth/token
    tokens: [json:access_token, json:id_token]
verify:
  jwks: %s/jwks.json
  issuer: https://legacy.example.com
sign:
  keys: keys
claim:
  include: [primaryLanguage, city, visits, tags]
documents:
  file: users.json
  user_id_field: user_account_id
`

// Start starts the backend and then the sidecar, from files in a temporary
// directory, on loopback ports. The caller calls Stop.
func Start(ctx context.Context, build telemetry.Build) (_ *Demo, err error) {
	d := &Demo{served: make(chan error, 1)}
	if d.Dir, err = os.MkdirTemp("", "tokengraft-demo-"); err != nil {
		return nil, err
	}
	if err := d.startBackend(); err != nil {
		return nil, errors.Join(err, d.Stop())
	}
	if err := d.startSidecar(ctx, build); err != nil {
		return nil, errors.Join(err, d.Stop())
	}
	return d, nil
}

func (d *Demo) startBackend() error {
	legacy, err := backend.New("https://legacy.example.com")
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: legacy, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener)
	d.Backend, d.stopBackend = "http://"+listener.Addr().String(), server.Close
	return nil
}

func (d *Demo) startSidecar(ctx context.Context, build telemetry.Build) error {
	file, err := d.writeFiles()
	if err != nil {
		return err
	}
	load := func() (*config.Config, error) { return config.Load(file, os.LookupEnv) }
	parse := func(text []byte) (*config.Config, error) { return config.ParseAs(file, text, os.LookupEnv) }
	cfg, err := load()
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(&d.log, nil))
	t, err := telemetry.Start(ctx, logger, build)
	if err != nil {
		return err
	}
	s, err := sidecar.Open(cfg, sidecar.Options{Logger: logger, Meter: t.Meter, Tracer: t.Tracer, Load: load, Parse: parse})
	if err != nil {
		return err
	}
	s.Fetch(ctx) // so that the signing key is made before the first login
	serving, stop := context.WithCancel(ctx)
	d.stopServing = stop
	go func() {
		d.served <- s.Serve(serving, sidecar.ServeOptions{Metrics: t.Metrics, Gather: t.Gather, Version: build.Version, Level: new(slog.LevelVar), Flush: t.Shutdown})
	}()
	return nil
}

// writeFiles writes the documents and the configuration, and returns the path of
// the configuration file.
func (d *Demo) writeFiles() (file string, err error) {
	public, admin, err := freeAddresses()
	if err != nil {
		return "", err
	}
	d.Public, d.Admin, d.Token = "http://"+public, "http://"+admin, cryptorand.Text()
	file = filepath.Join(d.Dir, "tokengraft.yaml")
	return file, errors.Join(
		os.WriteFile(filepath.Join(d.Dir, "users.json"), []byte(documents), 0o600),
		os.WriteFile(file, fmt.Appendf(nil, configuration, public, admin, d.Token, d.Backend, d.Backend), 0o600),
	)
}

// freeAddresses returns two unused loopback addresses. Until the sidecar listens there,
// no other program should get them: the system gives ports from 32768 on to connections, and
// to listeners without a port.
func freeAddresses() (one, two string, err error) {
	for range 1000 {
		port := 10_000 + rand.IntN(22_000)
		one, two = fmt.Sprintf("127.0.0.1:%d", port), fmt.Sprintf("127.0.0.1:%d", port+1)
		if err = errors.Join(unused(one), unused(two)); err == nil {
			return one, two, nil
		}
	}
	return "", "", err
}

// unused returns an error if something listens at an address.
func unused(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return listener.Close()
}

// Stop stops the sidecar and then the backend, and removes the files.
func (d *Demo) Stop() error {
	var errs []error
	if d.stopServing != nil {
		d.stopServing()
		errs = append(errs, <-d.served)
	}
	if d.stopBackend != nil {
		errs = append(errs, d.stopBackend())
	}
	return errors.Join(append(errs, os.RemoveAll(d.Dir))...)
}

// Tokens are the tokens of a response that the demonstration needs.
type Tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// LogIn logs in as anna at a base URL: that of the backend or of the sidecar.
func LogIn(ctx context.Context, base string) (tokens Tokens, err error) {
	body := []byte(`{"username":"anna","password":"secret"}`)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/login", bytes.NewReader(body))
	if err != nil {
		return tokens, err
	}
	request.Header.Set("Content-Type", "application/json")
	_, answer, err := do(request)
	if err != nil {
		return tokens, err
	}
	return tokens, json.Unmarshal(answer, &tokens)
}

// Me asks the backend through the sidecar whose token this is.
func (d *Demo) Me(ctx context.Context, token string) (status string, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.Public+"/me", nil)
	if err != nil {
		return "", nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	return do(request)
}

// do sends a request. It retries for a second, because the sidecar may not listen
// yet.
func do(request *http.Request) (status string, body []byte, err error) {
	for range 50 {
		if err := request.Context().Err(); err != nil {
			return "", nil, err
		}
		var response *http.Response
		if response, err = http.DefaultClient.Do(request); err == nil {
			defer response.Body.Close()
			body, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
			return response.Status, body, err
		}
		time.Sleep(20 * time.Millisecond)
		if request.GetBody != nil {
			request.Body, _ = request.GetBody()
		}
	}
	return "", nil, err
}
