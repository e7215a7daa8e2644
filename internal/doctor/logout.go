package doctor

import "context"

// checkLogout logs out, and asks the probe again.
func (d *doctor) checkLogout(ctx context.Context) {
	switch {
	case d.Logout.IsZero():
		d.skip("logout", "", "there is no --logout")
		return
	case d.subject == nil:
		d.skip("logout", "", "there is no token")
		return
	}
	r := d.carry(d.Logout)
	d.Progress("logging out with " + r.name())
	before := d.admin.restored(ctx)
	answer, err := d.client.send(ctx, r, d.values())
	if err != nil {
		d.fail("logout", d.connectHint(err), "%s: %v", r.name(), err)
		return
	}
	at := d.restoredSince(ctx, before)
	if !answer.good() {
		d.fail("logout", d.logoutHint(answer, at, r), "%s answers %s", r.name(), statusOr(answer, nil))
		return
	}
	d.ok("logout", "%s answers %d%s%s", r.name(), answer.status, restoredText(at), d.afterwards(ctx))
}

func (d *doctor) logoutHint(answer exchange, restored []string, r Request) string {
	if len(restored) == 0 && d.admin.missing == "" && d.hasClaim() && answer.problem() == "" {
		return "The sidecar found no enriched token in this request. If its body has one, add the rule {match: " + r.name() + ", restore: [json:token]}, with the place of the token."
	}
	return d.restoreHint(answer, restored)
}

// afterwards says whether the backend still accepts the token.
func (d *doctor) afterwards(ctx context.Context) string {
	if d.Probe.IsZero() {
		return ""
	}
	answer, err := d.client.send(ctx, d.Probe, d.values())
	switch {
	case err != nil:
		return ""
	case answer.status/100 == 2:
		return "; the backend still accepts the token"
	}
	return "; the backend no longer accepts the token"
}
