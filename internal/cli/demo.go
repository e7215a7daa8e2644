package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/demo/backend"
)

func demoCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "demo",
		Short: "See it work, with nothing installed",
		Long:  "Demo runs a sample legacy backend, a file of documents and the sidecar in this process, on\nloopback ports. It logs in, shows the token before and after, and keeps running with\ncommands to try, unless --once is given.",
		Args:  noArguments,
	}
	once := c.Flags().Bool("once", false, "exit when the token has been shown")
	c.RunE = func(c *cobra.Command, _ []string) error {
		d, err := startDemo(c.Context())
		if err != nil {
			return err
		}
		err = d.show(c.Context(), c.OutOrStdout())
		if err == nil && !*once {
			d.invite(c.OutOrStdout())
			<-c.Context().Done()
		}
		return errors.Join(err, d.stop())
	}
	return c
}

// demo is a running demonstration.
type demo struct {
	dir                    string
	backend, public, admin string // base URLs
	refresh                string // a refresh token of anna's
	stopBackend            func() error
	stopServing            context.CancelFunc
	served                 chan error
}

const demoDocuments = `[
  {"user_account_id": "62efedca3587e6e83c0fc675", "primaryLanguage": "en", "city": "Wien", "visits": {"$numberLong": "9007199254740993"}},
  {"user_account_id": "5f1f216e82df4a7979f9da93", "primaryLanguage": "fr", "tags": ["<b>", "&"]}
]
`

const demoConfig = `listen: %s
admin: %s
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
documents:
  file: users.json
  user_id_field: user_account_id
`

// startDemo starts the backend and then the sidecar, from files in a temporary
// directory, as serve would.
func startDemo(ctx context.Context) (_ *demo, err error) {
	d := &demo{served: make(chan error, 1)}
	if d.dir, err = os.MkdirTemp("", "tokengraft-demo-"); err != nil {
		return nil, err
	}
	if err := d.startBackend(); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	if err := d.startSidecar(ctx); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	return d, nil
}

func (d *demo) startBackend() error {
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
	d.backend, d.stopBackend = "http://"+listener.Addr().String(), server.Close
	return nil
}

func (d *demo) startSidecar(ctx context.Context) error {
	public, errPublic := freeAddress()
	admin, errAdmin := freeAddress()
	if err := errors.Join(errPublic, errAdmin); err != nil {
		return err
	}
	d.public, d.admin = "http://"+public, "http://"+admin
	files := map[string]string{
		"users.json":      demoDocuments,
		"tokengraft.yaml": fmt.Sprintf(demoConfig, public, admin, d.backend, d.backend),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	cfg, err := config.Load(filepath.Join(d.dir, "tokengraft.yaml"), os.LookupEnv)
	if err != nil {
		return err
	}
	telemetry, err := newTelemetry(ctx, quiet())
	if err != nil {
		return err
	}
	s, err := open(cfg, quiet(), telemetry.meter, telemetry.tracer)
	if err != nil {
		return err
	}
	if err := s.present().ring.Check(ctx); err != nil { // keys are made before the first login
		return errors.Join(err, s.close(ctx))
	}
	serving, stop := context.WithCancel(ctx)
	d.stopServing = stop
	go func() { d.served <- serve(serving, s, telemetry, new(slog.LevelVar)) }()
	return nil
}

// freeAddress returns a loopback address that nobody listens at.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// stop stops what runs, the sidecar first.
func (d *demo) stop() error {
	var errs []error
	if d.stopServing != nil {
		d.stopServing()
		errs = append(errs, <-d.served)
	}
	if d.stopBackend != nil {
		errs = append(errs, d.stopBackend())
	}
	return errors.Join(append(errs, os.RemoveAll(d.dir))...)
}

// show logs in at the backend and through the sidecar, and shows both tokens.
func (d *demo) show(ctx context.Context, w io.Writer) error {
	before, err := login(ctx, d.backend)
	if err != nil {
		return err
	}
	after, err := login(ctx, d.public)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "A legacy backend at %s issues anna a token:\n", d.backend)
	describe(w, "before", before.Access)
	fmt.Fprintf(w, "\nAnna logs in again, through tokengraft at %s:\n", d.public)
	describe(w, "after", after.Access)
	d.refresh = after.Refresh
	if token, err := enrich.ParseToken(after.Access); err != nil || token.Claim("custom_data") == nil {
		return errors.New("the token does not carry the document")
	}
	status, body, err := d.me(ctx, after.Access)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nThe backend knows only its own tokens, and takes this one through tokengraft:\n\n  GET /me  %s  %s\n", status, bytes.TrimSpace(body))
	return nil
}

// demoTokens are the tokens that the backend issues, as far as the demonstration
// needs them.
type demoTokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// login logs anna in.
func login(ctx context.Context, base string) (tokens demoTokens, err error) {
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

// me asks the backend who the token is of, through the sidecar.
func (d *demo) me(ctx context.Context, token string) (status string, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.public+"/me", nil)
	if err != nil {
		return "", nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	return do(request)
}

// do waits for a sidecar that is only just starting to listen.
func do(request *http.Request) (status string, body []byte, err error) {
	for range 50 {
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

// invite tells what to try while the demonstration runs.
func (d *demo) invite(w io.Writer) {
	const claims = `    | sed 's/.*"access_token":"[^.]*\.\([^.]*\).*/\1/' | tr '_-' '/+' | base64 -d 2>/dev/null; echo`
	fmt.Fprintf(w, `
It keeps running; Ctrl-C ends it. Try:

  # log ben in, and look at the claims
  curl -s %[1]s/login -H 'Content-Type: application/json' -d '{"username":"ben","password":"secret"}' \
%[5]s

  # change anna's document, and refresh her token: it follows
  sed -i.bak 's/Wien/Graz/' %[2]s/users.json
  curl -s %[1]s/oauth/token -d grant_type=refresh_token -d refresh_token=%[4]s \
%[5]s

  # one JWKS verifies the backend's tokens and ours
  curl -s %[1]s/.well-known/jwks.json

  # what was enriched, how big tokens are, how old documents
  curl -s %[3]s/metrics | grep tokengraft

  # the configuration of this sidecar
  cat %[2]s/tokengraft.yaml
`, d.public, d.dir, d.admin, d.refresh, claims)
}
