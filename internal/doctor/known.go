package doctor

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/sidecar"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// known is what the configuration and the discovery document say.
type known struct {
	discovery oidc.Discovery // zero without oidc
	rules     []tokenRule
	mux       *http.ServeMux // finds the pattern of a request's rule
}

// A tokenRule is a rule with tokens in its responses.
type tokenRule struct {
	pattern string
	tokens  []locate.Location
	refresh proxy.Refresh
}

// newKnown leaves out rules without tokens, except for the pattern: the more specific rule
// of a request applies.
func newKnown(cfg *config.Config, discovery oidc.Discovery) known {
	k := known{discovery: discovery, mux: http.NewServeMux()}
	for _, rule := range sidecar.Rules(cfg, discovery) {
		if rule.Elsewhere {
			continue
		}
		k.mux.Handle(rule.Pattern, http.NotFoundHandler())
		if len(rule.Tokens) > 0 && !rule.UserInfo {
			k.rules = append(k.rules, tokenRule{rule.Pattern, rule.Tokens, rule.Refresh})
		}
	}
	return k
}

// rule returns the rule of a request with this Host.
func (k known) rule(r Request, host string) (tokenRule, bool) {
	path, _, _ := strings.Cut(r.Path, "?")
	request, err := http.NewRequest(r.Method, "http://"+cmp.Or(r.get("Host"), host)+path, nil)
	if err != nil {
		return tokenRule{}, false
	}
	_, pattern := k.mux.Handler(request)
	if strings.HasSuffix(pattern, request.URL.Path+"/") {
		return tokenRule{}, false // the mux would redirect; these are different paths
	}
	for _, rule := range k.rules {
		if rule.pattern == pattern {
			return rule, true
		}
	}
	return tokenRule{}, false
}

// fixed returns the request of a rule whose pattern has a method and a path without
// wildcards.
func (rule tokenRule) fixed() (Request, bool) {
	method, path, ok := strings.Cut(rule.pattern, " ")
	path = strings.TrimSuffix(path, "{$}")
	if !ok || !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "{}") {
		return Request{}, false
	}
	return Request{Method: method, Path: path}, true
}

// refreshes reports whether the requests of the rule are refreshes and nothing else, as
// far as its path and its settings say.
func (rule tokenRule) refreshes() bool {
	last := rule.pattern[strings.LastIndex(strings.TrimSuffix(strings.TrimSuffix(rule.pattern, "{$}"), "/"), "/")+1:]
	named := strings.Contains(strings.ToLower(last), "refresh") || strings.Contains(strings.ToLower(last), "renew")
	return rule.refresh == proxy.RefreshAlways || rule.refresh == proxy.RefreshAuto && named
}

// discover reads the discovery document as clients see it.
func (d *doctor) discover(ctx context.Context) {
	if !d.Config.OIDC.Enabled {
		d.skip("discovery", "", "oidc is not set")
		return
	}
	var problems []string
	for _, path := range d.Config.DiscoveryPaths() {
		answer, err := d.client.send(ctx, Request{Method: http.MethodGet, Path: path}, d.values())
		if err != nil || answer.status != http.StatusOK {
			problems = append(problems, path+": "+statusOr(answer, err))
			continue
		}
		discovery, err := oidc.Parse(answer.body)
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", path, err))
			continue
		}
		d.known = newKnown(d.Config, discovery)
		d.ok("discovery", "%s names the endpoints and the keys", path)
		return
	}
	d.fail("discovery", "Clients cannot find the endpoints. Set oidc.discovery to the path at which the backend has its document.", "%s", strings.Join(problems, "; "))
}

// statusOr returns what happened to a request, for findings.
func statusOr(e exchange, err error) string {
	if err != nil {
		return err.Error()
	}
	text := fmt.Sprintf("%d %s", e.status, http.StatusText(e.status))
	if kind := e.problem(); kind != "" {
		text += " (" + kind + ")"
	}
	return text
}

// problem returns the type of an error of the sidecar itself, and "" for other answers.
func (e exchange) problem() string {
	const mine = "urn:tokengraft:"
	if !strings.HasPrefix(e.header.Get("Content-Type"), "application/problem+json") {
		return ""
	}
	kind, _ := e.jsonValue("type")
	if !strings.HasPrefix(kind, mine) {
		return ""
	}
	return kind
}

// values are the values for templates.
func (d *doctor) values() values {
	v := values{env: d.Env, answers: []exchange{d.latest, d.login}}
	if d.subject != nil {
		v.token = d.subject.raw
	}
	return v
}

// oneOf returns the rules that pass a test and have a fixed request.
func (k known) oneOf(passes func(tokenRule) bool) (requests []Request) {
	for _, rule := range k.rules {
		r, fixed := rule.fixed()
		if fixed && passes(rule) && !slices.ContainsFunc(requests, func(other Request) bool { return other.name() == r.name() }) {
			requests = append(requests, r)
		}
	}
	return requests
}
