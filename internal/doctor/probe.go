package doctor

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// checkProbe sends the enriched token back, through the sidecar and then without it.
func (d *doctor) checkProbe(ctx context.Context) {
	if d.Probe.IsZero() && d.known.discovery.UserInfo != "" {
		d.Probe = Request{Method: http.MethodGet, Path: d.known.discovery.UserInfo}
	}
	switch {
	case d.Probe.IsZero():
		d.skip("restore", "Name a request that needs the token, such as --probe 'GET /me'.", "there is no --probe")
	case d.subject == nil:
		d.skip("restore", "", "there is no token")
	default:
		d.Progress("sending the token back with " + d.Probe.name())
		d.Probe = d.carry(d.Probe)
		if d.probe(ctx) {
			d.bypass(ctx)
			return
		}
	}
	d.skip("bypass", "", "restore was skipped")
}

// carry returns the request with the token where the backend expects it: where the
// request says, or where it came from if that is a cookie or a header, or else as a bearer
// token.
func (d *doctor) carry(r Request) Request {
	const variable = "${token}"
	named := strings.Contains(r.Path+r.Body, variable) || slices.ContainsFunc(r.Header, func(l Line) bool { return strings.Contains(l.Value, variable) })
	kind, name, _ := strings.Cut(d.subject.placeName(), ":")
	switch {
	case named, kind == "cookie":
		return r
	case kind == "header":
		value := d.latest.header.Get(name)
		if !strings.Contains(value, d.subject.raw) { // no refresh yet, or its token was elsewhere
			value = d.login.header.Get(name)
		}
		value = strings.ReplaceAll(value, "${", "$${")
		r.Header = append(slices.Clone(r.Header), Line{name, strings.Replace(value, d.subject.raw, variable, 1)})
		return r
	}
	r.Header = append(slices.Clone(r.Header), Line{"Authorization", "Bearer " + variable})
	return r
}

// probe returns false if the probe shows nothing.
func (d *doctor) probe(ctx context.Context) bool {
	before := d.admin.restored(ctx)
	answer, err := d.client.send(ctx, d.Probe, d.values())
	if err != nil {
		d.fail("restore", d.connectHint(err), "%s: %v", d.Probe.name(), err)
		return true
	}
	at := d.restoredSince(ctx, before)
	switch {
	case answer.status/100 != 2:
		d.fail("restore", d.restoreHint(answer, at), "%s with the enriched token answers %s", d.Probe.name(), statusOr(answer, nil))
	case !d.hasClaim():
		d.skip("restore", "", "%s answers %d, but the token is not enriched", d.Probe.name(), answer.status)
		return false
	case !d.needsToken(ctx, d.Probe):
		d.skip("restore", "Name a request that needs the token with --probe.", "%s answers %d without the token, too, so it does not show whether the backend accepts it", d.Probe.name(), answer.status)
		return false
	default:
		d.ok("restore", "%s answers %d%s", d.Probe.name(), answer.status, restoredText(at))
	}
	return true
}

// needsToken reports whether a request that is accepted with the token is refused without
// it.
func (d *doctor) needsToken(ctx context.Context, r Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return true // once more could do something
	}
	v := d.values()
	v.token = "none"
	request, err := d.client.build(ctx, r, v)
	if err != nil {
		return true
	}
	d.client.jar.without(d.subject.raw).addTo(request)
	answer, err := exchangeWith(d.client.http, request)
	return err != nil || answer.status/100 != 2
}

func restoredText(at []string) string {
	if len(at) == 0 {
		return ""
	}
	return ", restored at " + strings.Join(at, ", ")
}

// restoredSince returns where the sidecar has restored tokens since it was asked.
func (d *doctor) restoredSince(ctx context.Context, before map[string]float64) (at []string) {
	for range 3 {
		for place, count := range d.admin.restored(ctx) {
			if count > before[place] {
				at = append(at, place)
			}
		}
		if len(at) > 0 || d.admin.missing != "" || !d.Config.Restores() || !d.hasClaim() {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	slices.Sort(at)
	return at
}

// restoreHint says what to do if the backend does not accept the token.
func (d *doctor) restoreHint(answer exchange, restored []string) string {
	refused := answer.status == http.StatusUnauthorized || answer.status == http.StatusForbidden || answer.status/100 == 3
	switch {
	case answer.problem() != "":
		return "This is an answer of the sidecar itself: docs/failures.md says what to do about each type."
	case !refused:
		return "The reason may be another than the token. Is it a request that answers 2xx to a user who is logged in?"
	case !d.Config.Restores() && d.hasClaim():
		return "The backend does not know the enriched token, and restore is off. Set restore: on, or sign.keys with restore: auto."
	case len(restored) > 0:
		return fmt.Sprintf("The sidecar restored the token at %s, so the backend got its own. Does it expect the token elsewhere (--probe-header), or more than the token?", strings.Join(restored, ", "))
	case d.admin.missing != "" || !d.hasClaim():
		return "Does the backend expect the token elsewhere? Name the place with --probe-header 'X-Token: ${token}', or write the whole request into a file and use --probe @FILE."
	}
	return "The sidecar found no enriched token in this request. Name the place in restore: {at: [header:X-Token]}, or in restore of the rule for this path; --probe-header says where doctor puts it."
}

// bypass sends the same request to the backend itself.
func (d *doctor) bypass(ctx context.Context) {
	request, err := buildFor(ctx, d.Config.Backend.URL(), d.Probe, d.values())
	if err != nil {
		d.skip("bypass", "", "%v", err)
		return
	}
	d.client.jar.addTo(request)
	answer, err := exchangeWith(d.backend, request)
	switch {
	case err != nil:
		d.skip("bypass", "", "the backend cannot be reached from here: %v", err)
	case answer.status/100 == 2:
		d.ok("bypass", "the backend itself answers %d: it accepts enriched tokens", answer.status)
	default:
		d.ok("bypass", "the backend itself answers %d: requests with enriched tokens must go through the sidecar", answer.status)
	}
}
