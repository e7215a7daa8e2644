package doctor

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// checkRefresh refreshes the token, and looks for the claim in the new one.
func (d *doctor) checkRefresh(ctx context.Context) {
	if d.login.status == 0 || d.subject == nil {
		d.skip("refresh", "", "there is no token")
		return
	}
	r, err := d.refreshRequest()
	if err != nil {
		d.skip("refresh", "Name it with --refresh 'POST /refresh' and --refresh-data '{\"refreshToken\":\"${json:refreshToken}\"}'.", "%v", err)
		return
	}
	d.Progress("refreshing with " + r.name())
	d.refresh = func(ctx context.Context) (exchange, tokenRule, error) { return d.refreshWith(ctx, r) }
	answer, rule, err := d.refresh(ctx)
	if err != nil {
		d.refresh = nil
		d.fail("refresh", refreshHint(answer), "%s: %v", r.name(), err)
		return
	}
	if d.lacksClaim() {
		text, hint := d.whyNoClaim(ctx, rule.pattern)
		d.fail("refresh", hint, "the new token at %s has no claim %s%s", d.subject.place.Location, d.Config.Claim.Name, text)
		return
	}
	has := "has " + d.Config.Claim.Name
	if !d.hasClaim() {
		has = "is the backend's, because " + d.Config.NotLive()
	}
	d.ok("refresh", "%s answers %d, the new token at %s %s", r.name(), answer.status, d.subject.place.Location, has)
}

// refreshWith sends the request, and takes over the new token.
func (d *doctor) refreshWith(ctx context.Context, r Request) (exchange, tokenRule, error) {
	d.counted = d.admin.reasons(ctx)
	answer, err := d.client.send(ctx, r, d.values())
	if err != nil {
		return answer, tokenRule{}, err
	}
	if !answer.good() {
		return answer, tokenRule{}, errors.New("it answers " + statusOr(answer, nil))
	}
	rule, ok := d.known.rule(r, d.client.hostName())
	if !ok {
		return answer, rule, errors.New("no rule with tokens matches it. " + ruleFor("Add one: ", r, answer))
	}
	token := d.choose(answer.tokensAt(rule.tokens))
	if token == nil {
		return answer, rule, errors.New("the rule " + rule.pattern + " finds no signed JWT. " + ruleFor("Change it: ", r, answer))
	}
	d.subject, d.latest = token, answer
	return answer, rule, nil
}

func refreshHint(answer exchange) string {
	switch answer.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusBadRequest, http.StatusUnprocessableEntity:
		return "If the backend wants another request, use --refresh with --refresh-data, or write the request into a file and use --refresh @FILE. If it gets the enriched token in this request, the rule may need restore."
	}
	return "docs/failures.md says what to do about each answer of the sidecar."
}

var errNoRefresh = errors.New("no rule, preset or discovery document says how to refresh")

// refreshRequest returns the request of the options, or else one that follows from the
// preset, the login and the rules.
func (d *doctor) refreshRequest() (Request, error) {
	switch r := d.Refresh; {
	case !r.IsZero() && (r.Body != "" || len(r.Header) > 0 || r.Method == http.MethodGet):
		return r, nil
	case !r.IsZero():
		return d.withRefreshToken(r), nil
	}
	switch string(d.Config.Preset.Name) {
	case "app-services":
		r, ok := d.presetPath("/auth/session")
		r.Header = []Line{{"Authorization", "Bearer ${json:refresh_token}"}}
		return r, or(ok, errNoRefresh)
	case "supabase":
		r, ok := d.presetPath("/token")
		r.Path, r.Header = r.Path+"?grant_type=refresh_token", d.sharedHeader()
		r.Body = `{"refresh_token":"${json:refresh_token}"}`
		return r, or(ok, errNoRefresh)
	}
	if _, ok := d.login.refreshToken(); ok && d.isOAuth() {
		return d.withRefreshToken(Request{Method: d.Login.Method, Path: d.Login.Path}), nil
	}
	found := d.known.oneOf(func(rule tokenRule) bool { return rule.refreshes() && strings.HasPrefix(rule.pattern, "POST ") })
	if len(found) != 1 {
		return Request{}, errNoRefresh
	}
	return d.withRefreshToken(found[0]), nil
}

func or(ok bool, err error) error {
	if ok {
		return nil
	}
	return err
}

// presetPath returns the POST request of the rule whose path ends in this.
func (d *doctor) presetPath(end string) (Request, bool) {
	for _, rule := range d.known.rules {
		if r, ok := rule.fixed(); ok && r.Method == http.MethodPost && strings.HasSuffix(r.Path, end) {
			return r, true
		}
	}
	return Request{}, false
}

// isOAuth reports whether the login is a grant of OAuth 2.0.
func (d *doctor) isOAuth() bool {
	return d.Login.bodyType() == formBody && strings.Contains(d.Login.Body, "grant_type=")
}

// withRefreshToken adds what a refresh needs: the refresh token of the login's answer,
// in the form of the login. Without one it is in a cookie, or the token itself is it.
func (d *doctor) withRefreshToken(r Request) Request {
	r.Header = append(slices.Clone(r.Header), d.sharedHeader()...)
	path, ok := d.login.refreshToken()
	if !ok {
		if d.client.jar.hasRefreshToken() {
			return r
		}
		return d.carry(r)
	}
	name, value := path[len(path)-1], "${json:"+path.String()+"}"
	switch {
	case d.isOAuth():
		r.Body = "grant_type=refresh_token&refresh_token=" + value + d.clientFields()
	case d.Login.bodyType() == formBody:
		r.Body = url.QueryEscape(name) + "=" + value
	default:
		r.Body = "{" + string(jsonedit.Quote(name)) + `:"` + value + `"}`
	}
	return r
}

// sharedHeader returns the lines of the login that its other requests need too.
func (d *doctor) sharedHeader() (lines []Line) {
	for _, line := range d.Login.Header {
		if !strings.EqualFold(line.Name, "Content-Type") && !strings.EqualFold(line.Name, "Content-Length") {
			lines = append(lines, line)
		}
	}
	return lines
}

// clientFields returns the fields of the login's form that authenticate its client, with
// their variables.
func (d *doctor) clientFields() (fields string) {
	if d.Login.bodyType() != formBody {
		return ""
	}
	for field := range strings.SplitSeq(d.Login.Body, "&") {
		if strings.HasPrefix(field, "client_id=") || strings.HasPrefix(field, "client_secret=") {
			fields += "&" + field
		}
	}
	return fields
}
