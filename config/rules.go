package config

import (
	"github.com/tokengraft/tokengraft/internal/yamlbind"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

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

// A location is a type of another package, which the manual does not know.
var _ = yamlbind.Describe[locate.Location](yamlbind.Scalar{
	Want: "a location like json:access_token",
	Schemas: []yamlbind.Schema{
		yamlbind.Matching("^(body|(header|cookie):[A-Za-z0-9!#$%&'*+.^_`|~-]+|(json|fragment|query|form):[\\s\\S]+)$"),
	},
})
