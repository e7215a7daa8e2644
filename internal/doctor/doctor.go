// Package doctor exercises a running sidecar and its backend as a client does: it logs
// in, looks at the tokens, sends them back, refreshes and logs out. It checks what the
// sidecar promises, and reports one [Finding] for each check. It prints nothing, and no
// finding contains a token, a credential, a user id or a value of a document.
package doctor

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"

	"github.com/tokengraft/tokengraft/config"
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
	// Announce is called before a step that may take long, and before a write.
	Announce func(text string)
}

func (o Options) withDefaults() Options {
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	if o.Announce == nil {
		o.Announce = func(string) {}
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

// Run checks everything in the order of [Checks], and calls found with each finding as
// soon as it has it. A check that cannot run because an earlier one failed is skipped. The
// error says why nothing can be checked, or that ctx ended.
func Run(ctx context.Context, o Options, found func(Finding)) error {
	d, err := newDoctor(o.withDefaults(), found)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context){
		d.checkReady, d.checkVersion, d.checkConfiguration, d.discover,
		d.checkLogin, d.checkTokens, d.checkClaim, d.checkJWKS, d.checkSignature, d.checkAtHash, d.checkTimes, d.checkClock, d.checkSizes,
		d.checkUnchanged, d.checkProbe, d.checkUserInfo, d.checkIntrospection, d.checkRefresh, d.checkWrite, d.checkLogout,
	} {
		if step(ctx); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

func newDoctor(o Options, found func(Finding)) (*doctor, error) {
	d := &doctor{Options: o, found: found}
	var err error
	if d.client, err = newClient(o); err != nil {
		return nil, err
	}
	if d.backend, err = backendClient(o.Config); err != nil {
		return nil, err
	}
	d.admin = newAdminListener(o)
	return d, nil
}
