package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
)

// fleeting are the claims that differ from login to login.
var fleeting = []string{"iat", "exp", "nbf", "jti", "auth_time", "at_hash", "c_hash", "s_hash", "nonce", "sid", "session_id", "session_state", "sub_jti", "uti", "rh", "aio"}

// undoRecord is the claim with which the sidecar restores the original.
const undoRecord = "tgr"

// checkUnchanged compares the token with one of a second login, at the backend itself.
func (d *doctor) checkUnchanged(ctx context.Context) {
	switch {
	case !d.Direct:
		d.skip("unchanged", "", "--direct is not set")
		return
	case d.subject == nil:
		d.skip("unchanged", "", "there is no token")
		return
	}
	d.Progress("logging in at the backend itself")
	request, err := buildFor(ctx, d.Config.Backend.URL(), d.Login, d.values())
	if err != nil {
		d.fail("unchanged", "", "%v", err)
		return
	}
	answer, err := exchangeWith(d.backend, request)
	original := d.choose(answer.tokensAt(d.rule.tokens))
	if err != nil || original == nil {
		d.fail("unchanged", "Can doctor reach the backend from here? Without --direct this check is skipped.", "%s at the backend itself: %s, and no token", d.Login.name(), statusOr(answer, err))
		return
	}
	if names := d.differences(*original, *d.subject); len(names) > 0 {
		d.fail("unchanged", "Two logins of one user may differ. If these claims do not, something else between doctor and the backend changes tokens.", "claims that differ: %s", strings.Join(names, ", "))
		return
	}
	d.ok("unchanged", "all other claims are those of the backend")
}

// differences returns the names of the claims that differ, without those that may.
func (d *doctor) differences(original, enriched issuedToken) (names []string) {
	ours := []string{d.Config.Claim.Name, d.Config.Claim.Freshness, d.Config.Claim.ReadAt, undoRecord}
	for name, value := range original.parsed.Claims() {
		if !slices.Contains(fleeting, name) && !slices.Contains(ours, name) && !equalJSON(value, enriched.parsed.Claim(name)) {
			names = append(names, name)
		}
	}
	for name := range enriched.parsed.Claims() {
		if original.parsed.Claim(name) == nil && !slices.Contains(ours, name) && !slices.Contains(fleeting, name) {
			names = append(names, name)
		}
	}
	return names
}

func equalJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}
