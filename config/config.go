// Package config has the configuration of a sidecar: a YAML file, read strictly,
// with every fault reported at once and at its place; or a struct made in Go.
//
// [Load] reads a file. A program that has no file begins with [Default], sets
// fields, and calls [Config.Validate]. Either way the [Config] is then complete
// and checked: whoever reads it finds no missing default, no unknown word and no
// impossible combination. Their error is [Faults].
//
// The comment of each field is the manual of that setting, and its tags say the
// rest: yaml its name and whether it is required, default what applies when it is
// missing. The settings table in the README and the JSON Schema that [Schema]
// returns are generated from them, by
//
//	go generate ./config
package config

import (
	"time"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
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
	TrustedProxies []Peers `yaml:"trusted_proxies"`
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

	file   string            `yaml:"-"` // empty for one that was not loaded
	report *yamlbind.Report  `yaml:"-"` // knows where the settings stand in the file
	sums   map[string]sum    `yaml:"-"` // of the files that it is made of, by name
	read   map[string]Secret `yaml:"-"` // what came from files, by the path of the setting
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
