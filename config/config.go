// Package config reads the configuration file: YAML, strict, with every fault
// reported at once and at its place.
//
// The comment of each field below is the manual of that setting, and its tags
// say the rest: `yaml` its name and whether it is required, `default` what
// holds when it is left out. [Settings] makes the README's table from them.
// Code that uses a [Config] reads values that are complete and checked.
package config

import (
	"net/netip"
	"time"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// Config is the whole configuration of one sidecar. It fronts one backend and
// reads one collection.
type Config struct {
	// Where clients come in. Port 0 takes a free one, which the log names.
	Listen Address `yaml:"listen,required"`
	// The auth backend, without a path: paths go on as they came.
	Backend BaseURL `yaml:"backend,required"`
	// The certificate that clients are shown. Unset: plain HTTP.
	TLS TLS `yaml:"tls"`
	// How an https backend is spoken to. Unset: it is trusted as the system
	// trusts, and shown no certificate.
	BackendTLS BackendTLS `yaml:"backend_tls"`
	// What clients type, without a path. It sets X-Forwarded-Proto and
	// X-Forwarded-Host toward the backend, and is the Host of our own discovery
	// and JWKS requests. Unset: as each request came.
	PublicURL BaseURL `yaml:"public_url"`
	// Where health, metrics and the cache are asked for; `off` turns it off.
	Admin Address `yaml:"admin,off" default:"127.0.0.1:9901"`
	// What a peer that is not loopback shows as a bearer token to the admin
	// listener. Unset: such peers get health and metrics only.
	AdminToken Secret `yaml:"admin_token"`
	// A file with the admin token instead.
	AdminTokenFile Path `yaml:"admin_token_file"`
	// Whose X-Forwarded-* headers are believed: CIDRs, addresses, or the words
	// `private` and `loopback`. Empty: nobody's.
	TrustedProxies []netip.Prefix `yaml:"trusted_proxies"`
	// How long the sidecar waits.
	Timeouts Timeouts `yaml:"timeouts"`
	// How much of a message the sidecar takes in.
	Limits Limits `yaml:"limits"`

	// Which responses carry tokens, and where. At least one, or `oidc`, or
	// `preset`. Of two that match a request the more specific one counts.
	Rules []Rule `yaml:"rules"`
	// Learn paths and keys from the backend's OpenID Connect discovery
	// document: `true`, `false`, or where it is.
	OIDC OIDC `yaml:"oidc,switch"`
	// Ready-made rules, claim name and format for a known backend. What the
	// file says wins, and its rules are added to the preset's.
	Preset Preset `yaml:"preset"`
	// Where the backend tells clients its own address, which becomes the one
	// that they came by, or `public_url`: else they would go past the sidecar.
	Addresses []AddressRule `yaml:"addresses"`
	// `true` signs nothing and changes nothing; it publishes the merged JWKS,
	// restores, and counts what would be done.
	Shadow bool `yaml:"shadow" default:"false"`

	// How the backend's tokens are verified.
	Verify Verify `yaml:"verify"`
	// How enriched tokens are signed.
	Sign Sign `yaml:"sign"`
	// Whether enriched tokens in requests become the originals again on their
	// way to the backend. `auto` is on with own keys and with `oidc`, else off.
	Restore Toggle `yaml:"restore" default:"auto"`

	// What of the document stands in the token, and how.
	Claim Claim `yaml:"claim"`
	// Where documents come from, and which is whose.
	Documents Documents `yaml:"documents,required"`
	// How long documents are remembered.
	Cache Cache `yaml:"cache"`

	// JavaScript functions for what follows.
	Functions Functions `yaml:"functions"`
	// How the document of a user who has none is made.
	UserCreation UserCreation `yaml:"user_creation"`
	// What runs when users sign in or are deleted.
	Triggers []Trigger `yaml:"triggers"`
	// Requests by which users delete themselves at the backend: patterns such as
	// `DELETE /users/me`, answered with 2xx. The user is whose bearer token the
	// request has.
	Deletions []string `yaml:"deletions"`

	// What the client gets when enrichment fails: `pass` is the backend's
	// response, untouched; `refuse` is 503.
	OnFailure Policy `yaml:"on_failure" default:"pass"`

	report *report        `yaml:"-"` // knows where the settings stand in the file
	sums   map[string]sum `yaml:"-"` // of the files that it is made of, by name
}

// Restores reports whether enriched tokens in requests become the originals:
// what restore says, and means by auto.
func (c *Config) Restores() bool {
	if c.Restore == Auto {
		return c.Sign.Keys != "" || c.OIDC.Enabled
	}
	return c.Restore == On
}

// Timeouts is how long the sidecar waits. All but Drain are greater than zero.
type Timeouts struct {
	// For a connection to the backend, TLS included.
	Dial time.Duration `yaml:"dial" default:"3s"`
	// For a whole response, header and body, that a rule matches. Others take
	// as long as the client waits.
	Response time.Duration `yaml:"response" default:"60s"`
	// How long an unused backend connection is kept. Keep it below the
	// backend's own: a request on a connection that just closed is never
	// retried.
	Idle time.Duration `yaml:"idle" default:"1s"`
	// For requests in flight when the sidecar is stopped.
	Shutdown time.Duration `yaml:"shutdown" default:"8s"`
	// How much of `shutdown` requests are still taken, while readiness is down
	// already, for load balancers to see that. Zero: none.
	Drain time.Duration `yaml:"drain" default:"0s"`
}

// Limits is how much of a message the sidecar takes in. All are greater than
// zero.
type Limits struct {
	// The largest body that is searched for tokens, decompressed. A larger one
	// streams through.
	Body Size `yaml:"body" default:"1MiB"`
	// The largest request and response header; a larger one is refused.
	Headers Size `yaml:"headers" default:"64KiB"`
}

// A Rule says which responses carry tokens, where, and what on failure.
type Rule struct {
	// The requests whose responses these are: a pattern of net/http's ServeMux
	// such as `POST /oauth/token`, used for lookup only.
	Match string `yaml:"match,required"`
	// Where the tokens are: `json:PATH`, `header:NAME`, `cookie:NAME`,
	// `fragment:NAME` or `query:NAME` of a redirect, `form:NAME`, `body`.
	Tokens []locate.Location `yaml:"tokens,required"`
	// Whether its requests are refreshes, whose tokens carry data read after
	// the backend's answer. `auto` looks at the request.
	Refresh Refresh `yaml:"refresh" default:"auto"`
	// The policy of this rule. Unset: the global one.
	OnFailure Policy `yaml:"on_failure"`
	// How clients are told that no token leaves: as OAuth token endpoints do, or
	// as MongoDB Atlas App Services did.
	Errors Errors `yaml:"errors" default:"oauth"`
	// Further places of its requests where an enriched token may be: `json:`,
	// `header:`, `cookie:`, `query:` or `form:`.
	Restore []locate.Location `yaml:"restore"`
}

// An AddressRule says which responses have addresses of the backend in them,
// and where.
type AddressRule struct {
	// The requests whose responses these are, a pattern as in `rules`.
	Match string `yaml:"match,required"`
	// Where the addresses are, http, https, ws or wss: `json:PATH`.
	At []locate.Location `yaml:"at,required"`
}

// OIDC says whether and where the backend has a discovery document.
type OIDC struct {
	// Enabled is set by `oidc: true`, and by saying where the document is.
	Enabled bool `yaml:"-"`
	// The path of the discovery document at the backend, one or a list.
	Discovery []string `yaml:"discovery,single" default:"/.well-known/openid-configuration"`
}
