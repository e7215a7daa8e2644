package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// An issuedToken is a token of an answer.
type issuedToken struct {
	place  locate.Occurrence
	raw    string
	parsed *enrich.Token
}

// checkLogin logs in.
func (d *doctor) checkLogin(ctx context.Context) {
	if d.Login.IsZero() {
		d.skip("login", "Name it with --login 'POST /login'.", "the discovery document is missing, and no other rule is a login")
		return
	}
	d.Progress("logging in with " + d.Login.name())
	d.counted = d.admin.reasons(ctx)
	answer, err := d.client.send(ctx, d.Login, d.values())
	if err != nil {
		d.fail("login", d.connectHint(err), "%s: %s", d.Login.name(), err)
		return
	}
	if !answer.good() {
		d.fail("login", loginHint(answer, d.Login), "%s answers %s", d.Login.name(), statusOr(answer, nil))
		return
	}
	d.login = answer
	d.ok("login", "%s answers %d in %d ms", d.Login.name(), answer.status, answer.took.Milliseconds())
}

func (d *doctor) connectHint(err error) string {
	if strings.Contains(err.Error(), "certificate") {
		return "Name the authority of its certificate with --ca FILE, and the address that clients use with --url."
	}
	return fmt.Sprintf("Does the sidecar run at %s? Name its address with --url.", d.client.base)
}

func loginHint(answer exchange, login Request) string {
	switch {
	case answer.problem() != "":
		return "This is an answer of the sidecar itself: docs/failures.md says what to do about each type."
	case answer.status == http.StatusNotFound || answer.status == http.StatusMethodNotAllowed:
		return "The backend does not have this path. Name the login with --login."
	case answer.status == http.StatusUnsupportedMediaType || answer.status == http.StatusUnprocessableEntity || answer.status == http.StatusBadRequest && login.bodyType() == jsonBody:
		return "The backend may want another body: --form instead of --json, other names, or a header with --header."
	}
	return "Does the backend accept these credentials without the sidecar? If it wants another request, write it into a file and use --login @FILE."
}

// completeLogin fills in what the options leave out of the login, and checks that all
// variables are set. Its error is a [UsageError].
func (d *doctor) completeLogin(context.Context) error {
	const advice = "Name the login with --login 'POST /login', and its body with DOCTOR_USER and DOCTOR_PASSWORD, --data FILE, --data-env NAME, --json or --form"
	if err := d.addDefaults(); err != nil {
		if d.Config.OIDC.Enabled && d.known.discovery.Issuer == "" {
			return nil // that the document is missing is the finding
		}
		return &UsageError{fmt.Errorf("%w\n%s", err, advice)}
	}
	for _, r := range []Request{d.Login, d.Probe, d.Refresh, d.Logout} {
		if err := d.values().check(r); err != nil {
			return &UsageError{fmt.Errorf("%s: %w", r.name(), err)}
		}
	}
	return nil
}

func (d *doctor) addDefaults() error {
	if d.Login.IsZero() {
		path, err := d.loginPath()
		if err != nil {
			return err
		}
		d.Login.Method, d.Login.Path = path.Method, path.Path
	}
	if d.Login.Body == "" && d.Login.Method != http.MethodGet && d.Login.get("Authorization") == "" {
		return d.loginBody()
	}
	return nil
}

// loginPath returns the only request of the rules that can be a login.
func (d *doctor) loginPath() (Request, error) {
	if at := d.known.discovery.Token; at != "" {
		return Request{Method: http.MethodPost, Path: at}, nil
	}
	logins := d.known.oneOf(func(rule tokenRule) bool { return !rule.refreshes() })
	switch len(logins) {
	case 0:
		return Request{}, errors.New("no rule names the path of a login")
	case 1:
		return logins[0], nil
	}
	var names []string
	for _, r := range logins {
		names = append(names, r.name())
	}
	return Request{}, fmt.Errorf("several rules can be the login: %s", strings.Join(names, ", "))
}

// checkTokens finds the tokens where the rule has them.
func (d *doctor) checkTokens(context.Context) {
	if d.login.status == 0 {
		d.skip("token", "", "there is no login")
		return
	}
	rule, ok := d.known.rule(d.Login, d.client.hostName())
	if !ok {
		d.fail("token", ruleFor("Add a rule: ", d.Login, d.login), "no rule with tokens matches %s", d.Login.name())
		return
	}
	d.rule, d.tokens = rule, d.login.tokensAt(rule.tokens)
	d.subject = d.choose(d.tokens)
	switch {
	case d.subject == nil && len(d.tokens) > 0:
		d.fail("token", "Add to claim.kinds the kind of the token that clients send to APIs: access for all but an id_token.", "the rule %s has no token of a kind that gets the claim: claim.kinds is %v, and there is %s", rule.pattern, d.Config.Claim.Kinds, places(d.tokens))
		return
	case d.subject == nil:
		d.fail("token", ruleFor("Change the rule: ", d.Login, d.login), "the rule %s finds no signed JWT at %s", rule.pattern, locations(rule.tokens))
		return
	}
	d.ok("token", "%s", places(d.tokens))
}

// tokensAt returns the signed tokens at the locations of a rule.
func (e exchange) tokensAt(at []locate.Location) (tokens []issuedToken) {
	for _, place := range (locate.Response{Header: e.header, Body: e.body}).Find(at) {
		parsed, err := enrich.ParseToken(place.Token)
		if err == nil && slices.Contains(at, place.Location) {
			tokens = append(tokens, issuedToken{place, place.Token, parsed})
		}
	}
	return tokens
}

// choose returns the token that should have the claim: the first of the kinds that get it.
func (d *doctor) choose(tokens []issuedToken) *issuedToken {
	for i, token := range tokens {
		if d.getsClaim(token) {
			return &tokens[i]
		}
	}
	return nil
}

// getsClaim reports whether a token is of a kind that gets the claim.
func (d *doctor) getsClaim(token issuedToken) bool {
	return slices.Contains(d.Config.Claim.Kinds, config.TokenKind(token.place.Location.Kind()))
}

// ruleFor returns what to do, with the line of YAML that handles an answer, or what to look
// for.
func ruleFor(do string, r Request, answer exchange) string {
	found := (locate.Response{Header: answer.header, Body: answer.body}).Survey()
	var at []string
	for _, place := range found {
		if !place.Location.HoldsRefreshToken() && !slices.Contains(at, place.Location.String()) {
			at = append(at, place.Location.String())
		}
	}
	if len(at) == 0 {
		return "The answer has no signed JWT at all. `tokengraft discover` shows what a login sends."
	}
	return do + fmt.Sprintf(`{match: %q, tokens: ["%s"]}`, r.name(), strings.Join(at, `", "`))
}

func locations(at []locate.Location) string {
	names := make([]string, len(at))
	for i, location := range at {
		names[i] = location.String()
	}
	return strings.Join(names, ", ")
}

// places names where tokens are, with their algorithms and sizes.
func places(tokens []issuedToken) string {
	names := make([]string, len(tokens))
	for i, token := range tokens {
		names[i] = fmt.Sprintf("%s: %s, %d bytes", token.place.Location, token.parsed.Algorithm, len(token.raw))
	}
	return strings.Join(names, "; ")
}
