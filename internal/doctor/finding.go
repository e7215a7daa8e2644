package doctor

import "fmt"

// Status says how a check ended.
type Status string

// The ways in which a check ends.
const (
	OK      Status = "ok"
	Fail    Status = "fail"
	Skipped Status = "skipped"
)

// A Finding is the result of one check.
type Finding struct {
	// Check is the name of the check: one of [Checks].
	Check  string `json:"check"`
	Status Status `json:"status"`
	// Text says in one line what was seen, or why the check was skipped.
	Text string `json:"text"`
	// Hint says what to do. Only failures, and some skipped checks, have one.
	Hint string `json:"hint"`
}

// A Check is one thing that doctor looks at.
type Check struct {
	// Name is stable. Scripts may depend on it.
	Name string
	// Promise is what holds if the check is ok.
	Promise string
}

// Checks returns all checks, in the order in which they run.
func Checks() []Check {
	return []Check{
		{"ready", "The sidecar is ready, and nothing that it needs is missing."},
		{"version", "The sidecar has the version of this program."},
		{"configuration", "The sidecar runs with the configuration file as it is now."},
		{"discovery", "With `oidc`: clients get the discovery document through the sidecar."},
		{"login", "The login answers 2xx or 3xx."},
		{"token", "There is a signed JWT at a location of the rule."},
		{"claim", "The token has the claim with the document."},
		{"jwks", "All published JWK Sets have the same keys, and clients may keep them for at most 5 minutes."},
		{"jwks_backend", "They contain all keys of the backend."},
		{"signature", "The token verifies with the published keys, as in an API."},
		{"at_hash", "The `at_hash` of the id_token fits the enriched access token."},
		{"times", "`iat`, `nbf` and `exp` fit the clock of this machine."},
		{"clock", "The clocks of the backend and the sidecar agree with that of this machine, within `verify.leeway`."},
		{"sizes", "Cookies, header lines and headers are within the limits of browsers and proxies."},
		{"unchanged", "With `--direct`: all other claims are as in a token of the backend itself."},
		{"restore", "With `--probe`: the backend accepts the enriched token back through the sidecar."},
		{"bypass", "With `--probe`: what the backend says to the same token without the sidecar. Never a failure."},
		{"userinfo", "With `claim.responses`: userinfo has the claim."},
		{"introspection", "With `claim.responses`: introspection has the claim."},
		{"refresh", "A refresh answers 2xx, and its token has the claim."},
		{"write", "With `--write`: the token of a refresh has what was written to the document just before."},
		{"logout", "With `--logout`: the log-out answers 2xx or 3xx."},
	}
}

func (d *doctor) ok(check, format string, args ...any) {
	d.found(Finding{Check: check, Status: OK, Text: fmt.Sprintf(format, args...)})
}

func (d *doctor) fail(check, hint, format string, args ...any) {
	d.found(Finding{Check: check, Status: Fail, Text: fmt.Sprintf(format, args...), Hint: hint})
}

func (d *doctor) skip(check, hint, format string, args ...any) {
	d.found(Finding{Check: check, Status: Skipped, Text: fmt.Sprintf(format, args...), Hint: hint})
}
