package enrich

import (
	"errors"
	"fmt"
	"slices"
)

// registeredClaims are the names of the IANA JSON Web Token Claims registry
// (RFC 7519, section 10.1) as of 2026.
var registeredClaims = []string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti",
	"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username",
	"profile", "picture", "website", "email", "email_verified", "gender", "birthdate",
	"zoneinfo", "locale", "phone_number", "phone_number_verified", "address", "updated_at",
	"azp", "nonce", "auth_time", "at_hash", "c_hash", "acr", "amr", "sub_jwk",
	"cnf", "sip_from_tag", "sip_date", "sip_callid", "sip_cseq_num", "sip_via_branch",
	"orig", "dest", "mky", "events", "toe", "txn", "rph", "sid", "vot", "vtm",
	"attest", "origid", "act", "scope", "client_id", "may_act", "jcard", "at_use_nbr",
	"div", "opt", "vc", "vp", "sph", "ace_profile", "cnonce", "exi",
	"roles", "groups", "entitlements", "token_introspection",
	"eat_nonce", "ueid", "sueids", "oemid", "hwmodel", "hwversion", "oemboot", "dbgstat",
	"location", "eat_profile", "submods", "uptime", "bootcount", "bootseed", "dloas",
	"swname", "swversion", "manifests", "measurements", "measres", "intuse",
	"cdniv", "cdnicrit", "cdniip", "cdniuc", "cdniets", "cdnistt", "cdnistd",
	"sig_val_claims", "authorization_details", "verified_claims",
	"place_of_birth", "nationalities", "birth_family_name", "birth_given_name",
	"birth_middle_name", "salutation", "title", "msisdn", "also_known_as",
	"htm", "htu", "ath", "atc", "sub_id", "rcd", "rcdi", "crn", "msgi",
	"_claim_names", "_claim_sources", "rdap_allowed_purposes", "rdap_dnt_allowed",
	"geohash", "_sd", "...", "_sd_alg", "sd_hash", "s_hash",
	"consumerPlmnId", "consumerSnpnId", "producerPlmnId", "producerSnpnId", "producerSnssaiList",
	"producerNsiList", "producerNfSetId", "producerNfServiceSetId", "sourceNfInstanceId",
	"analyticsIdList", "resOwnerId", "vct", "vct#integrity", "status", "status_list", "ttl",
	"cap", "nfType", "cmw",
	// OpenID Federation 1.0
	"jwks", "metadata", "constraints", "crit", "ref", "delegation", "logo_uri",
	"authority_hints", "trust_anchor_hints", "trust_marks", "trust_mark_issuers", "trust_mark_owners",
	"metadata_policy", "metadata_policy_crit", "source_endpoint", "keys",
	"trust_mark_type", "trust_chain", "trust_anchor",
}

// CheckClaimName returns nil if a claim that this package adds may have this
// name. The name must not be empty, "tgr" or registered with IANA: users may be able
// to write their own document, so it must never be mistaken for such a claim. For a
// name by which resource servers decide access, the error wraps
// [ErrPrivilegedName], and Options.AllowPrivilegedName allows the name.
func CheckClaimName(name string) error {
	switch {
	case name == "":
		return errors.New("the name of the claim is empty")
	case name == restoreClaim:
		return fmt.Errorf("%q is the claim from which tokengraft restores originals; choose another name", name)
	case isPrivileged(name):
		return fmt.Errorf("%q %w; choose another name", name, ErrPrivilegedName)
	case slices.Contains(registeredClaims, name):
		return fmt.Errorf("%q is a registered claim (RFC 7519, IANA registry); choose another name", name)
	}
	return nil
}
