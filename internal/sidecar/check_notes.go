package sidecar

import "strings"

// gates names the rules that are gates, and what the sidecar cannot ensure for them.
func (k *checker) gates() {
	var gates []string
	for _, rule := range configuredRules(k.cfg) {
		switch {
		case rule.GatesHeader():
			gates = append(gates, rule.Pattern+" (its headers)")
		case rule.Gate:
			gates = append(gates, rule.Pattern)
		}
	}
	if k.cfg.OIDC.Enabled && k.cfg.UserCreation.Enabled() {
		gates = append(gates, "the endpoints of the discovery document")
	}
	if len(gates) == 0 || !k.cfg.Live() {
		return
	}
	k.note("No token leaves these rules unless it was accepted, because they are gates: %s. Clients must not reach the backend in any other way than through this sidecar, and the backend must not issue these tokens at another path, with a suffix such as .json, or on another port. See docs/security.md, Gates.", strings.Join(gates, ", "))
}

// notes names requirements that check cannot verify.
func (k *checker) notes() {
	jwks := k.jwksPaths()
	switch {
	case !k.cfg.Claim.Enabled:
		k.note("claim.enabled is false: no token gets the claim, and no document is read. Tokens with the claim are restored until they expire.")
	case k.cfg.Shadow:
		k.note("shadow is on: tokens are counted, but not changed. To start enriching, turn it off when every verifier has used %s for 5 minutes, because keys may be cached that long. To remove the sidecar, leave shadow on until the last enriched token has expired.", jwks)
	}
	k.gates()
	k.note("Absence of the claim must never grant anything, because a token is sent without the claim when enrichment fails.")
	if k.cfg.Sign.Keys != "" && !secretOnly(k.cfg) {
		k.note("Every verifier must fetch its keys from %s of this sidecar, and send introspection requests through it. If a verifier has a fixed key, use sign.backend_key.", jwks)
	}
}
