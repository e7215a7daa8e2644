package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// checkClaim looks for the claim, and asks the metrics why it is missing.
func (d *doctor) checkClaim(ctx context.Context) {
	name := d.Config.Claim.Name
	switch {
	case d.subject == nil:
		d.skip("claim", "", "there is no token")
	case !d.Config.Live():
		d.skip("claim", "Go live: see docs/rollout.md.", "%s, so the sidecar signs nothing", d.Config.NotLive())
	case d.withoutClaim() != nil:
		text, hint := d.whyNoClaim(ctx, d.rule.pattern)
		d.fail("claim", hint, "the token at %s has no claim %s%s", d.withoutClaim().place.Location, name, text)
	default:
		d.ok("claim", "%s, %d bytes", name, len(d.subject.parsed.Claim(name)))
	}
}

// withoutClaim returns the first token of the login that should have the claim and does not,
// or nil.
func (d *doctor) withoutClaim() *issuedToken {
	for i, token := range d.tokens {
		if d.getsClaim(token) && token.parsed.Claim(d.Config.Claim.Name) == nil {
			return &d.tokens[i]
		}
	}
	return nil
}

// hasClaim reports whether the token has the claim.
func (d *doctor) hasClaim() bool {
	return d.subject != nil && d.subject.parsed.Claim(d.Config.Claim.Name) != nil
}

// lacksClaim reports whether the token does not have the claim although it should.
func (d *doctor) lacksClaim() bool {
	return d.subject != nil && d.Config.Live() && !d.hasClaim()
}

// whyNoClaim returns the reasons that the sidecar has counted since the request was sent,
// and what to do about the first. It waits a moment, because the sidecar counts after it
// has answered.
func (d *doctor) whyNoClaim(ctx context.Context, rule string) (text, hint string) {
	const attempts, pause = 10, 100 * time.Millisecond
	for range attempts {
		var rose []string
		for key, count := range d.admin.reasons(ctx) {
			if key[0] == rule && key[1] != "ok" && count > d.counted[key] {
				rose = append(rose, key[1])
			}
		}
		if len(rose) > 0 {
			slices.Sort(rose)
			d.reason = rose[0]
			return ", reason " + strings.Join(rose, ", "), d.reasonHint(rose[0])
		}
		if d.admin.missing != "" || ctx.Err() != nil {
			break
		}
		time.Sleep(pause)
	}
	return "", "The log of the sidecar and the metric tokengraft_tokens_total have the reason. Is this sidecar between doctor and the backend, and does it have this configuration?"
}

// reasonHint says what to do about a reason.
func (d *doctor) reasonHint(reason string) string {
	ids := d.Config.Documents
	claim := d.Config.Claim
	switch reason {
	case "no_document":
		return fmt.Sprintf("No document has in its field %s what the token has in its claim %s. Check documents.user_id_claim, user_id_field and user_id_type; `tokengraft try` shows near misses.", ids.UserIDField, ids.UserIDClaim)
	case "not_ours":
		return "The token has another issuer, audience or key than verify names. `tokengraft try` with a token of the backend says which."
	case "bad_token":
		return "The token does not verify. Check verify.jwks or verify.secret (and verify.secret_encoding), verify.types, and the clocks."
	case "opaque":
		return "The backend issues tokens that are not signed JWTs. They cannot carry a document."
	case "too_large":
		return fmt.Sprintf("The document or the token is over a limit: claim.max_size is %s, claim.max_token_size %s, claim.max_header_size %s, and a cookie has at most 4096 bytes. List what clients need in claim.include.", claim.MaxSize, claim.MaxTokenSize, claim.MaxHeaderSize)
	case "unavailable":
		return "The source of documents or the backend's keys could not be asked. `tokengraft check` says which."
	case "sign_failed":
		return "There is no key to sign with. Set sign.keys, and see the log of the sidecar."
	case "key_bound":
		return "The token is bound to a key of the client (DPoP or mTLS), so it stays as it is."
	case "not_found":
		return "There is no token where the rule looks. The log of the sidecar names what is there instead."
	}
	return "docs/failures.md says what to do about each reason."
}
