// Package config is the configuration of a sidecar: a YAML file, or a struct made
// in Go. It is strict, and reports all faults at once with their places.
//
// [Load] reads a file. A program without a file starts with [Default], sets fields,
// and calls [Config.Validate]. Both return [Faults] as their error. Without an
// error the [Config] is complete and checked: defaults are set, words are known,
// and settings fit together.
//
// The comment of each field is the manual of that setting. The yaml tag has its
// name and says whether it is required; the default tag has the value of a missing
// setting. The settings table in docs/configuration.md and the JSON Schema that
// [Schema] returns are generated from them with
//
//	go generate ./config
package config

import (
	"time"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// Config is the whole configuration of one sidecar, for one backend and one
// collection.
type Config struct {
	// The address for clients. Port 0 takes a free port; the log shows which.
	Listen Address `yaml:"listen,required"`
	// The auth backend, without a path. Request paths are forwarded unchanged.
	Backend BaseURL `yaml:"backend,required"`
	// The certificate for clients. Unset: plain HTTP.
	TLS TLS `yaml:"tls"`
	// Where clients may use HTTP/2 without TLS (h2c), as some load balancers do: `public`
	// is the listener for clients, `all` is that and `admin`.
	H2C H2C `yaml:"h2c" default:"public"`
	// How to connect to an https backend. Unset: trust the system's certificate
	// authorities, and send no client certificate.
	BackendTLS BackendTLS `yaml:"backend_tls"`
	// The address that clients use, without a path. It sets X-Forwarded-Proto and
	// X-Forwarded-Host for the backend, also in the sidecar's own requests, where it is
	// the Host too. Unset: the address in each request, and that of `backend` in the
	// sidecar's own. Set it if the backend refuses or redirects requests without https.
	PublicURL BaseURL `yaml:"public_url"`
	// The address for health checks, metrics, the cache and the console; `off` turns it off.
	Admin Address `yaml:"admin,off" default:"127.0.0.1:9901"`
	// The bearer token of the admin listener for peers that are not loopback.
	// Unset: such peers get health and metrics only.
	AdminToken Secret `yaml:"admin_token"`
	// A file with the admin token instead.
	AdminTokenFile Path `yaml:"admin_token_file"`
	// The web page at `/` of the admin listener and its API at `/api`: `full` lets holders of
	// the admin token change the configuration and the keys, and forget users; `read-only`
	// shows everything and changes nothing; `off` removes both.
	Console Console `yaml:"console" default:"full"`
	// The peers whose X-Forwarded-* headers are trusted: CIDRs, addresses, or the
	// words `private` and `loopback`. Empty: none.
	TrustedProxies []Peers `yaml:"trusted_proxies"`
	// How long the sidecar waits.
	Timeouts Timeouts `yaml:"timeouts"`
	// The size of messages, and what all clients may use together.
	Limits Limits `yaml:"limits"`

	// Which responses carry tokens, and where. At least one rule, or `oidc`, or
	// `preset` is required. Of two rules that match a request, the more specific
	// one applies.
	Rules []Rule `yaml:"rules"`
	// Read paths and keys from the backend's OpenID Connect discovery document:
	// `true`, `false`, or `{discovery: PATH}`. `true` also looks for it below the
	// paths of `verify.issuer`.
	OIDC OIDC `yaml:"oidc,switch"`
	// Ready-made rules, claim name and format for a known backend: its name, or `name`
	// and `prefix`. Settings in the file override the preset's, and its rules are added
	// to the preset's.
	Preset Preset `yaml:"preset,switch"`
	// Where responses contain the backend's own address. The address is replaced with
	// `public_url` or the address that the client used, so that clients do not
	// bypass the sidecar. Without `public_url` the response gets `Vary: Host`.
	Addresses []AddressRule `yaml:"addresses"`
	// `true` signs no token and changes no response of a rule. It still publishes the
	// merged JWKS, restores tokens, and counts which tokens would be enriched, and why
	// not.
	Shadow bool `yaml:"shadow" default:"false"`

	// Whether to look for tokens that no rule covers, and for rules that match nothing, and
	// to say so in the log. `auto` looks at the first answers of each path, and then at one
	// in a hundred. `on` looks at every answer. `off` costs nothing.
	Diagnose Toggle `yaml:"diagnose" default:"auto"`

	// How the backend's tokens are verified.
	Verify Verify `yaml:"verify"`
	// How enriched tokens are signed.
	Sign Sign `yaml:"sign"`
	// Whether to replace enriched tokens in requests with their originals: `auto`, `on` or
	// `off`, or a mapping that also has further places.
	Restore Restore `yaml:"restore,switch"`

	// Which part of the document is in the token, and in which form.
	Claim Claim `yaml:"claim"`
	// Where documents come from, and how to find a user's document.
	Documents Documents `yaml:"documents,required"`
	// How long documents are kept in memory.
	Cache Cache `yaml:"cache"`

	// JavaScript functions for `user_creation` and `triggers`.
	Functions Functions `yaml:"functions"`
	// How to create the document of a user who has none.
	UserCreation UserCreation `yaml:"user_creation"`
	// Functions and updates to run when users sign in or are deleted.
	Triggers []Trigger `yaml:"triggers"`
	// Requests by which users delete themselves at the backend: patterns such as
	// `DELETE /users/me`. If the backend answers 2xx, the user of the request's
	// bearer token leaves the cache, and the DELETE triggers run.
	Deletions []string `yaml:"deletions"`

	// The access of users to documents, besides their own in tokens: `off`, `owner-read`,
	// `owner-write`, or a mapping.
	Access Access `yaml:"access,switch"`
	// Headers for the backend about the user of a request, from its enriched token.
	Forward []Forward `yaml:"forward"`

	// `true`: `/readyz` is 503 until the backend's keys, and with `oidc` its discovery
	// document, have been fetched once. `false`: only until the backend has answered
	// anything, unless a rule has the policy `refuse` or is a gate.
	WaitForBackend bool `yaml:"wait_for_backend" default:"false"`
	// The response to the client when enrichment fails: `pass` is the backend's
	// response, unchanged; `refuse` is 503.
	OnFailure Policy `yaml:"on_failure" default:"pass"`

	file   string            `yaml:"-"` // empty if it was not loaded from a file
	report *yamlbind.Report  `yaml:"-"` // has the places of settings in the file
	sums   map[string]sum    `yaml:"-"` // checksums of all files of the configuration, by name
	read   map[string]Secret `yaml:"-"` // the secrets from files, by the path of the setting
}

// Restores reports whether enriched tokens in requests are restored. It resolves
// auto.
func (c *Config) Restores() bool {
	if c.Restore.Mode == Auto {
		return c.Sign.Keys != "" || !c.Verify.Secret.IsZero() || c.OIDC.Enabled
	}
	return c.Restore.Mode == On
}

// NotLive says why no response of a rule changes: "shadow is on" or "claim.enabled is
// false". It is empty if responses change.
func (c *Config) NotLive() string {
	switch {
	case !c.Claim.Enabled:
		return "claim.enabled is false"
	case c.Shadow:
		return "shadow is on"
	}
	return ""
}

// Live reports whether responses of rules change.
func (c *Config) Live() bool { return c.NotLive() == "" }

// Timeouts is how long the sidecar waits. All except Drain must be greater than
// zero.
type Timeouts struct {
	// For connecting to the backend, and then for the TLS handshake.
	Dial time.Duration `yaml:"dial" default:"3s"`
	// For the whole response to a request that a rule with tokens matches, or for its
	// header if its body can have no tokens. Other responses have no limit, and those of
	// a rule for all paths with tokens in headers only have none until there is a token.
	Response time.Duration `yaml:"response" default:"60s"`
	// How long to keep an unused connection to the backend. Keep it below the
	// backend's own idle timeout, because a request on a connection that has just
	// closed is not retried.
	Idle time.Duration `yaml:"idle" default:"1s"`
	// For requests in flight when the sidecar stops.
	Shutdown time.Duration `yaml:"shutdown" default:"8s"`
	// How long the sidecar still accepts requests after it has become not ready, so
	// that load balancers notice. A part of `shutdown`. Zero: not at all.
	Drain time.Duration `yaml:"drain" default:"0s"`
}

// Limits bound the size of messages, and what all clients may use together. All must
// be greater than zero.
type Limits struct {
	// The largest body that is searched for tokens, after decompression. A larger
	// body is forwarded unchanged; from a gate it is 503.
	Body Size `yaml:"body" default:"1MiB"`
	// The largest request or response header. A larger one is refused, and so is a
	// request with more than 256 header lines. A larger limit takes effect after a restart.
	Headers Size `yaml:"headers" default:"64KiB"`
	// The memory for all requests in flight: their bodies, the responses that are
	// searched for tokens, and buffers. A request for which none is left gets 503
	// before it is forwarded. `auto` is half of what the memory limit of the container,
	// or else half of the machine's memory, leaves after functions, `cache.max_bytes`
	// and 36 MiB, and at least 16 times `limits.body`. Connections and their headers
	// get half as much, in addition.
	Memory AutoSize `yaml:"memory" default:"auto"`
	// How many connections of clients may be open. Each HTTP/2 request counts as one
	// more. Above it, connections without a request are closed first, of the client
	// address that has most. The limit for open files and the memory may allow fewer: the
	// log line `listening` has the number.
	Connections Count `yaml:"connections" default:"10000"`
	// How many requests may be at the backend at the same time. Others wait up to a
	// second for their turn, and then get 503. A request is at the backend until its
	// response starts; uploads that last longer than a second do not count.
	Requests Count `yaml:"requests" default:"1000"`
}
