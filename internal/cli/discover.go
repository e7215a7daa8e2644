package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
	"github.com/tokengraft/tokengraft/internal/discover"
	"github.com/tokengraft/tokengraft/internal/telemetry"
)

// discoverFlags are the flags of discover as text.
type discoverFlags struct {
	backend, listen, host, har, origin, secretFile string
	mongodb, database, collection                  string
	requests                                       int
}

func discoverCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "discover --backend URL",
		Short: "Learn a configuration from a login",
		Long: `Discover is a proxy in front of the backend that one logs in through: with a browser, curl or
the app. It changes nothing. At Ctrl-C, or after --requests answers, it prints a configuration
with comments: where tokens are, how they are verified, which requests are refreshes, and where
tokens come back. With --har it reads a session that a browser has recorded instead.

Standard output has the configuration, and standard error what happens meanwhile. Neither has a
token, a password or a document.

If the tokens are signed with a secret, discover tests the one in --secret-file or in the
environment variable JWT_SECRET. With --database, it finds the field of the user's id; --mongodb
defaults to the environment variable MONGODB_URI.`,
		Example: `  tokengraft discover --backend http://127.0.0.1:9000 > tokengraft.yaml
  tokengraft discover --backend https://auth.example.com --har login.har > tokengraft.yaml`,
		Args: noArguments,
	}
	exits(c, exitNo, "no token was seen, so there is no configuration")
	var f discoverFlags
	c.Flags().StringVar(&f.backend, "backend", "", "the `URL` of the backend, without a path (required)")
	c.Flags().StringVar(&f.listen, "listen", "", "the `ADDRESS` to log in through (default a free port on loopback)")
	c.Flags().StringVar(&f.host, "host", "", "the `NAME` that the backend gets as Host (default that of each request)")
	c.Flags().IntVar(&f.requests, "requests", 0, "stop after `N` answers")
	c.Flags().StringVar(&f.har, "har", "", "read a recorded session from `FILE`, and do not listen")
	c.Flags().StringVar(&f.origin, "har-origin", "", "the `URL` of the backend in the recording (default --backend)")
	c.Flags().StringVar(&f.secretFile, "secret-file", "", "the `FILE` with the secret that signs the tokens")
	c.Flags().StringVar(&f.mongodb, "mongodb", "", "the connection string of MongoDB, a `URI`")
	c.Flags().StringVar(&f.database, "database", "", "the `NAME` of the database with the documents")
	c.Flags().StringVar(&f.collection, "collection", "", "the `NAME` of the collection (default the one in which users are found)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		o, err := f.options()
		if err != nil {
			return &exitError{exitUsage, err}
		}
		if o.Secret, err = f.secret(); err != nil {
			return discoverExit(err)
		}
		o.Stdout, o.Stderr = c.OutOrStdout(), c.ErrOrStderr()
		o.Terminal = telemetry.IsTerminal(c.ErrOrStderr())
		return discoverExit(discover.Run(c.Context(), o))
	}
	return c
}

// discoverExit returns the exit code of an error.
func discoverExit(err error) error {
	switch {
	case errors.Is(err, discover.ErrNoToken):
		return &exitError{exitNo, err}
	case errors.Is(err, fs.ErrNotExist):
		return &exitError{exitUsage, err}
	}
	return err
}

// options checks the flags.
func (f *discoverFlags) options() (o discover.Options, err error) {
	if f.backend == "" {
		return o, errors.New("--backend is required; set it to the URL of the auth backend, such as http://127.0.0.1:9000")
	}
	if o.Backend, err = baseURL("--backend", f.backend); err != nil {
		return o, err
	}
	if f.origin != "" {
		if o.Origin, err = baseURL("--har-origin", f.origin); err != nil {
			return o, err
		}
	}
	o.SecretFile = f.secretFile
	o.Listen, o.Host, o.Requests, o.HAR = f.listen, f.host, f.requests, f.har
	o.URI, o.Database, o.Collection = f.mongodb, f.database, f.collection
	if o.URI == "" && f.database != "" {
		o.URI = os.Getenv("MONGODB_URI")
	}
	if err := f.check(o.URI); err != nil || o.URI == "" {
		return o, err
	}
	if err := mongodoc.CheckURI(o.URI); err != nil { // now, and not after the login
		return o, fmt.Errorf("--mongodb: %w", err)
	}
	return o, nil
}

// check returns an error about flags that do not fit together.
func (f *discoverFlags) check(uri string) error {
	switch {
	case f.requests < 0:
		return errors.New("--requests must be greater than zero")
	case f.har != "" && (f.listen != "" || f.requests != 0 || f.host != ""):
		return errors.New("--har reads a recorded session, so it cannot be combined with --listen, --host or --requests; remove them")
	case f.origin != "" && f.har == "":
		return errors.New("--har-origin requires --har")
	case f.mongodb != "" && f.database == "":
		return errors.New("--mongodb requires --database, the name of the database with the documents")
	case f.collection != "" && f.database == "":
		return errors.New("--collection requires --database")
	case uri == "" && f.database != "":
		return errors.New("--database requires --mongodb, or the environment variable MONGODB_URI")
	}
	return nil
}

// baseURL parses a flag that is a scheme and a host.
func baseURL(flag, text string) (*url.URL, error) {
	b, err := config.ParseBaseURL(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return &url.URL{Scheme: b.Scheme, Host: b.Host}, nil
}

// secret returns the secret that signs the tokens, or nil if none was given.
func (f *discoverFlags) secret() ([]byte, error) {
	if f.secretFile == "" {
		return []byte(os.Getenv("JWT_SECRET")), nil
	}
	secret, err := os.ReadFile(f.secretFile)
	if err != nil {
		return nil, fmt.Errorf("--secret-file: %w", err)
	}
	return secret, nil
}
