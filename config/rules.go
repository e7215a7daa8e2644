package config

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A Rule says which responses carry tokens, where, and what happens on failure. A rule
// with Restore and without Tokens is for requests only.
type Rule struct {
	// The requests of the rule: a pattern of net/http's ServeMux such as
	// `POST /oauth/token`. Paths are forwarded unchanged, and never redirected.
	Match string `yaml:"match,required"`
	// Where the tokens are: `json:PATH`, `header:NAME`, `cookie:NAME`,
	// `fragment:NAME` or `query:NAME` of a redirect, `form:NAME`, `body`. Required, unless
	// the rule has `restore`: then it is for requests only, and its responses stream
	// through untouched.
	Tokens []locate.Location `yaml:"tokens,either"`
	// Whether its requests are refreshes. The tokens of a refresh get a document that
	// is read after the backend has answered, and `LOGIN` triggers do not run. `auto`
	// looks at the request: at `grant_type` in the body, or else at a refresh token in
	// a field or a cookie, or at the last segment of the path. If that is not clear,
	// the request counts as both.
	Refresh Refresh `yaml:"refresh" default:"auto"`
	// The policy of this rule. Unset: the global one.
	OnFailure Policy `yaml:"on_failure"`
	// `true` makes it a gate: no token of a response leaves unless all were looked at and
	// accepted. A response that cannot be read to its end is 503, under any policy. With
	// `user_creation` every rule with tokens is a gate. In shadow none is. A rule for all
	// paths (`/`) with tokens in headers only is a gate for these headers alone.
	Gate bool `yaml:"gate" default:"false"`
	// The format of the error if a hook refuses the tokens: that of OAuth token
	// endpoints, or of MongoDB Atlas App Services.
	Errors ErrorFormat `yaml:"errors" default:"oauth"`
	// Further locations of enriched tokens in its requests: `json:`, `header:`,
	// `cookie:`, `query:` or `form:`.
	Restore []locate.Location `yaml:"restore,either"`
}

// Restore says whether and where enriched tokens in requests are replaced with their
// originals.
type Restore struct {
	// Whether they are. `auto` is on with `sign.keys`, `verify.secret` or `oidc`, else off.
	Mode Toggle `yaml:"mode" default:"auto"`
	// Further locations of enriched tokens in the requests to any path, also in those that
	// open a WebSocket: `query:`, `header:`, `cookie:`, `form:` or `json:`. With `json:` the
	// bodies of all requests that are JSON, other text or without a type are read, up to
	// `limits.body`, before they are forwarded.
	At []locate.Location `yaml:"at"`
}

// An AddressRule says which responses contain addresses of the backend, and where.
type AddressRule struct {
	// The requests of the rule, a pattern as in `rules`.
	Match string `yaml:"match,required"`
	// Where the http, https, ws or wss addresses are: `json:PATH`.
	At []locate.Location `yaml:"at,required"`
}

// OIDC says whether and where the backend has a discovery document.
type OIDC struct {
	// Enabled is set by `oidc: true`, and by a mapping with the path of the document.
	Enabled bool `yaml:"-"`
	// The path of the discovery document at the backend: one path or a list.
	Discovery []string `yaml:"discovery,single" default:"/.well-known/openid-configuration"`
}

const wellKnown = "/.well-known/openid-configuration"

// DiscoveryPaths returns the paths where the discovery document can be, in order. If
// oidc.discovery has its default, these are also the paths below the issuers of
// verify.issuer (OpenID Connect Discovery 1.0, section 4).
func (c *Config) DiscoveryPaths() []string {
	paths := slices.Clone(c.OIDC.Discovery)
	if !slices.Equal(paths, []string{wellKnown}) {
		return paths
	}
	for _, issuer := range c.Verify.Issuer {
		u, err := url.Parse(issuer)
		if err != nil || u.Host == "" {
			continue
		}
		if at := strings.TrimRight(u.EscapedPath(), "/") + wellKnown; !slices.Contains(paths, at) {
			paths = append(paths, at)
		}
	}
	return paths
}

// Location is a type of another package, so it cannot describe itself.
var _ = yamlbind.Describe[locate.Location](yamlbind.Scalar{
	Want: "a location like json:access_token",
	Schemas: []yamlbind.Schema{
		yamlbind.Matching("^(body|(header|cookie):[A-Za-z0-9!#$%&'*+.^_`|~-]+|(json|fragment|query|form):[\\s\\S]+)$"),
	},
})
