// Package doctor exercises a running sidecar and its backend as a client does: it logs
// in, looks at the tokens, sends them back, refreshes and logs out. It checks what the
// sidecar promises, and reports one [Finding] for each check. It prints nothing, and no
// finding contains a token, a credential, a user id or a value of a document.
package doctor

import (
	"cmp"
	"context"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// Options say what to check, and how. Config is required.
type Options struct {
	Config *config.Config
	// Version is the version of this program. Empty does not compare it.
	Version string

	// URL is the address of the sidecar. Nil means that of the configuration.
	URL *url.URL
	// Admin is the address of the admin listener. Nil means that of the configuration.
	Admin *url.URL
	// Authorities are trusted besides those of the system if the sidecar uses TLS. Nil
	// means none.
	Authorities *x509.CertPool
	// Env returns environment variables, which templates in requests name.
	Env func(name string) (string, bool)

	// Login, Refresh, Probe and Logout are the requests. Of a request without a path,
	// doctor looks for a default in the rules, the preset and the discovery document. It
	// skips the checks that need a request for which there is none.
	Login, Refresh, Probe, Logout Request

	// Direct allows a second login, at the backend itself, to compare the tokens.
	Direct bool
	// Write allows to write the field [Marker] to the document of the user who logs in.
	Write bool
	// Announce is called before a write, with what is written.
	Announce func(text string)
	// Progress is called before a step that may take long. The next finding ends it.
	Progress func(step string)
}

func (o Options) withDefaults() Options {
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	if o.Announce == nil {
		o.Announce = func(string) {}
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return o
}

// A doctor is one run.
type doctor struct {
	Options
	found   func(Finding)
	client  *client
	admin   *adminListener
	backend *http.Client
	ready   readyReport
	known   known // the rules, and what the discovery document says

	login   exchange      // the answer to the login
	rule    tokenRule     // the rule of the login
	tokens  []issuedToken // the tokens of the login
	subject *issuedToken  // the token that should have the claim, of the login or of the last refresh
	latest  exchange      // the answer to the last refresh; zero before it

	counted map[[2]string]float64                              // tokens by rule and reason, before the login or refresh
	reason  string                                             // why the login's token has no claim, if the metrics say so
	refresh func(context.Context) (exchange, tokenRule, error) // nil if there is no refresh
}

// A UsageError says what is missing in the options.
type UsageError struct{ Err error }

// Error implements error.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *UsageError) Unwrap() error { return e.Err }

// Run checks everything in the order of [Checks], and calls found with each finding as
// soon as it has it. A check that cannot run because an earlier one failed is skipped. The
// error is a [UsageError] if there is no login, another one if nothing can be checked, and
// that of ctx if it ended.
func Run(ctx context.Context, o Options, found func(Finding)) error {
	d, err := newDoctor(o.withDefaults(), found)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		always(d.checkReady), always(d.checkVersion), always(d.checkConfiguration), always(d.discover), d.completeLogin,
		always(d.checkLogin), always(d.checkTokens), always(d.checkClaim), always(d.checkJWKS), always(d.checkSignature),
		always(d.checkAtHash), always(d.checkTimes), always(d.checkClock), always(d.checkSizes), always(d.checkUnchanged),
		always(d.checkProbe), always(d.checkUserInfo), always(d.checkIntrospection), always(d.checkRefresh), always(d.checkWrite), always(d.checkLogout),
	} {
		if err := cmp.Or(step(ctx), ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}

// always makes a step of a check, whose failure does not stop the others.
func always(check func(context.Context)) func(context.Context) error {
	return func(ctx context.Context) error {
		check(ctx)
		return nil
	}
}

func newDoctor(o Options, found func(Finding)) (d *doctor, err error) {
	d = &doctor{Options: o, found: found, known: newKnown(o.Config, oidc.Discovery{})}
	if !o.Config.OIDC.Enabled {
		if err := d.completeLogin(context.Background()); err != nil { // before anything is printed
			return nil, err
		}
	}
	if d.client, err = newClient(o); err != nil {
		return nil, err
	}
	if d.backend, err = d.client.toBackend(o.Config); err != nil {
		return nil, err
	}
	d.admin = newAdminListener(o)
	return d, nil
}
