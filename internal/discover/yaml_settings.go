package discover

import (
	"cmp"
	"slices"
	"strings"
)

// verify writes how tokens are verified and signed.
func (w *writer) verify(r *Report) {
	k := r.Keys
	w.blank()
	for _, note := range k.Notes {
		w.comment("", "%s", sentence(note))
	}
	var lines []string
	add := func(name, value string) { lines = append(lines, "  "+name+": "+value) }
	if k.JWKS != "" && !k.OIDC {
		add("jwks", quote(k.JWKS))
	}
	if k.NeedsPublicKey {
		w.todo("", "verify.public_key", "set jwks to the address of the backend's keys, or save its public key as backend.pem.")
		add("public_key", "backend.pem")
	}
	if k.NeedsSecret || k.JWKS == "" && !k.OIDC && !k.NeedsPublicKey {
		if !k.NeedsSecret {
			w.todo("", "verify", "no key of the backend was found. Set secret, jwks or public_key.")
		} else if k.SecretEncoding == "" {
			w.todo("", "verify.secret", "set the environment variable JWT_SECRET to the secret of the backend. It was not tested.")
		}
		add(r.secret())
		if k.SecretEncoding != "" && k.SecretEncoding != "text" {
			add("secret_encoding", k.SecretEncoding)
		}
	}
	switch len(k.Issuer) {
	case 0:
	case 1:
		add("issuer", quote(k.Issuer[0]))
	default:
		add("issuer", list(k.Issuer))
	}
	if len(k.Audience) > 0 {
		add("audience", list(k.Audience))
	}
	if len(lines) > 0 {
		w.line("verify: # the tokens are signed with %s", printable(strings.Join(k.Algorithms, ", ")))
	}
	for _, line := range lines {
		w.line("%s", line)
	}
	w.sign(r)
}

// secret returns the setting for the secret, and its value.
func (r *Report) secret() (name, value string) {
	switch {
	case r.Keys.SecretEnd != "":
		return "secret", `"${JWT_SECRET}` + strings.NewReplacer("\r", `\r`, "\n", `\n`).Replace(r.Keys.SecretEnd) + `"`
	case r.SecretFile != "":
		return "secret_file", quote(r.SecretFile)
	}
	return "secret", "${JWT_SECRET}"
}

func (w *writer) sign(r *Report) {
	w.blank()
	if !r.needsKeys() {
		w.comment("", "Enriched tokens are signed with verify.secret again, so verifiers stay as they are.")
		return
	}
	w.comment("", "The sidecar signs with keys of its own, made at the first start. Verifiers fetch both the backend's keys and these from /.well-known/jwks.json of the sidecar.")
	w.line("sign:")
	w.line("  keys: ./keys")
}

const maxIncluded = 12

// claim writes which part of the document is in the token.
func (w *writer) claim(r *Report) {
	w.blank()
	for _, text := range sizeTexts(r.Analysis) {
		w.comment("", "%s", text)
	}
	w.line("claim:")
	w.line("  name: custom_data")
	if kinds, why := r.kinds(); kinds != nil {
		w.comment("  ", "%s", why)
		w.line("  kinds: %s", list(kinds))
	}
	fields := r.fields()
	if len(fields) == 0 {
		w.todo("  ", "claim.include", "name the fields of the document that tokens need. Without it, the whole document is in every token, except what looks like a credential.")
		w.comment("  ", "include: [plan, lang]")
		return
	}
	w.todo("  ", "claim.include", "remove the fields that no API needs. Everyone who has a token can read them.")
	w.line("  include: %s", list(fields[:min(len(fields), maxIncluded)]))
	if len(fields) > maxIncluded {
		w.comment("  ", "The documents also have %s.", strings.Join(fields[maxIncluded:], ", "))
	}
}

// fields returns the fields of documents that a token may have.
func (r *Report) fields() []string {
	if r.Users == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Users.Fields), func(name string) bool { return name == r.Users.Field })
}

// documents writes where the documents are, and how to find that of a user.
func (w *writer) documents(r *Report) {
	u := cmp.Or(r.Users, &Users{})
	w.blank()
	w.line("documents:")
	w.line("  mongodb:")
	w.comment("    ", "The connection string is in the environment variable MONGODB_URI.")
	w.line("    uri: ${MONGODB_URI}")
	w.place("database", "app", r.Database)
	w.place("collection", "users", cmp.Or(r.Collection, u.Collection))
	for _, note := range u.Notes {
		w.comment("  ", "%s", sentence(note))
	}
	if u.Claim != "" {
		w.comment("  ", "%d of %s in the tokens had a document, in a sample of %s.", u.Matched, count(u.Tokens, "id"), count(u.Sampled, "document"))
	}
	w.userClaim(r, u)
	if u.Field == "" {
		w.todo("  ", "documents.user_id_field", "the field that has the same value as the claim.")
	}
	w.line("  user_id_field: %s", quote(cmp.Or(u.Field, "_id")))
	if u.Type != "" {
		w.line("  user_id_type: %s", quote(u.Type))
	}
}

// place writes where the documents are. The placeholder stands for what is not known.
func (w *writer) place(name, placeholder, value string) {
	if value == "" {
		w.todo("    ", "documents.mongodb."+name, "the name of the %s.", name)
	}
	w.line("    %s: %s", name, quote(cmp.Or(value, placeholder)))
}

// userClaim writes which claim is the user's id.
func (w *writer) userClaim(r *Report, u *Users) {
	claims := IDClaims(r.Analysis.Tokens)
	switch {
	case u.Claim != "":
		w.line("  user_id_claim: %s", quote(u.Claim))
	case len(claims) == 0:
		w.todo("  ", "documents.user_id_claim", "no claim of the tokens has a usual name for the id of a user.")
		w.line("  user_id_claim: sub")
	default:
		if len(claims) > 1 {
			w.comment("  ", "Other claims that could be the user's id: %s.", strings.Join(claims[1:], ", "))
		}
		w.line("  user_id_claim: %s", quote(claims[0]))
	}
}
