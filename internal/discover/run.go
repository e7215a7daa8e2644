package discover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/tokengraft/tokengraft/proxy"
)

// Options are what a user asks for.
type Options struct {
	Backend  *url.URL
	Listen   string
	Host     string // the Host that the backend gets; empty for that of each request
	Requests int    // stop after so many; 0 means at the end of the context
	HAR      string // a file instead of a capture
	// Origin is the scheme and host of the backend in the HAR. Nil means Backend.
	Origin *url.URL
	Secret []byte
	// SecretFile is the file of the secret. It is empty if the secret came from the
	// environment variable JWT_SECRET.
	SecretFile string
	// URI, Database and Collection are where the documents are. An empty URI means that
	// they are not known. An empty Collection means any.
	URI, Database, Collection string
	Stdout, Stderr            io.Writer
	Terminal                  bool // Stderr is a terminal
}

// ErrNoToken means that no token was seen.
var ErrNoToken = errors.New("no token was seen")

// finishTimeout limits what is asked of the backend and of MongoDB after the session.
const finishTimeout = 2 * time.Minute

// Run watches a session, or reads a recorded one, and writes a configuration to Stdout.
// The end of ctx is the end of the session. The error wraps [ErrNoToken] if there is
// nothing to write.
func Run(ctx context.Context, o Options) error {
	r := Report{Backend: o.Backend, Listen: o.Listen, Database: o.Database, Collection: o.Collection, SecretFile: o.SecretFile}
	exchanges, err := o.session(ctx, &r)
	if err != nil {
		return err
	}
	r.Analysis = Analyze(exchanges)
	if len(r.Analysis.Sites) == 0 {
		return noToken(r.Analysis)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	o.ask(ctx, &r, exchanges)
	return Write(o.Stdout, r)
}

// session returns the exchanges of a capture or of a recording.
func (o *Options) session(ctx context.Context, r *Report) ([]Exchange, error) {
	if o.HAR != "" {
		har, err := ReadHAR(o.HAR, cmp.Or(o.Origin, o.Backend))
		if err != nil {
			return nil, err
		}
		r.Notes = har.Notes
		if o.Origin != nil && *o.Origin != *o.Backend {
			r.Public = o.Origin
		}
		return har.Exchanges, nil
	}
	if o.Host != "" {
		r.Notes = append(r.Notes, "Discover sent the Host "+o.Host+" to the backend. The sidecar sends the one that the client uses, so clients have to use this name")
	}
	exchanges, dropped, err := watch(ctx, *o)
	if dropped > 0 {
		r.Notes = append(r.Notes, count(dropped, "exchange")+" came after the first 1,000 or 64 MiB, and were not looked at")
	}
	return exchanges, err
}

// ask completes a report with what the backend and the database say.
func (o *Options) ask(ctx context.Context, r *Report, exchanges []Exchange) {
	fmt.Fprintf(o.Stderr, "asking %s for its keys\n", o.Backend)
	client := proxy.NewClient(proxy.Options{Backend: o.Backend, PublicURL: o.public()})
	r.Keys = ProbeKeys(ctx, client, o.Backend, o.Secret, r.Analysis, exchanges)
	r.Presets = FitPresets(exchanges, r.Analysis)
	if o.URI == "" {
		return
	}
	fmt.Fprintf(o.Stderr, "comparing the tokens with documents of the database %s\n", o.Database)
	users, err := MatchUsers(ctx, o.URI, o.Database, o.Collection, r.Analysis.Tokens)
	if err != nil {
		fmt.Fprintf(o.Stderr, "the documents could not be read: %v\n", err)
		users.Notes = append(users.Notes, "The documents could not be read, so the user's id was not compared with them")
	}
	r.Users = &users
}

// public returns the address that the backend should see in requests, or nil for its own.
func (o *Options) public() *url.URL {
	switch {
	case o.Origin != nil:
		return o.Origin
	case o.Host != "":
		return &url.URL{Scheme: o.Backend.Scheme, Host: o.Host}
	}
	return nil
}

// noToken returns an error that says what was seen instead.
func noToken(a Analysis) error {
	text := count(a.Requests, "request")
	switch {
	case a.Requests == 0:
		return fmt.Errorf("%w, because no request came. Log in through the address that discover prints", ErrNoToken)
	case len(a.Excluded) > 0:
		text += fmt.Sprintf(". There is a JWT at %s of %s, but: %s", a.Excluded[0].Location, a.Excluded[0].Pattern, lowerFirst(sentence(a.Excluded[0].Why)))
	case len(a.Unreadable) > 0:
		text += ". " + a.Unreadable[0]
	case a.Sent > 0:
		text += ". Requests had tokens, but no answer: log out, and log in again through discover"
	case a.Unread > 0:
		text += fmt.Sprintf(", of which %s could not be read", count(a.Unread, "answer"))
	default:
		text += ". Was a login among them?"
	}
	return fmt.Errorf("%w in %s", ErrNoToken, text)
}
