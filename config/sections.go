package config

import "time"

// TLS is the certificate of the public listener. Both files are read again when
// they change.
type TLS struct {
	// A PEM file with the certificate, followed by intermediate certificates.
	CertFile Path `yaml:"cert_file,required"`
	// A PEM file with its private key.
	KeyFile Path `yaml:"key_file,required"`
}

// BackendTLS is how to connect to an https backend. The client certificate is read
// again when it changes.
type BackendTLS struct {
	// A PEM file with the authorities that may sign the backend's certificate.
	// Unset: the system's authorities.
	CAFile Path `yaml:"ca_file"`
	// A PEM file with the client certificate, if the backend asks for one.
	CertFile Path `yaml:"cert_file"`
	// A PEM file with its private key.
	KeyFile Path `yaml:"key_file"`
	// The host name in the backend's certificate. Unset: the host of `backend`.
	ServerName string `yaml:"server_name"`
}

// Verify is how the backend's tokens are verified.
type Verify struct {
	// The JWKS with the backend's keys: a URL, or a file.
	JWKS JWKS `yaml:"jwks"`
	// A PEM file with the backend's public key, instead of `jwks`.
	PublicKey Path `yaml:"public_key"`
	// The backend's secret for HS256, HS384 or HS512, alone or together with one of
	// the above. Enriched HS* tokens are also signed with it.
	Secret Secret `yaml:"secret"`
	// A file with the secret instead.
	SecretFile Path `yaml:"secret_file"`
	// How the secret is encoded: `text` if the backend uses its characters as they are, or
	// the encoding that the backend decodes.
	SecretEncoding SecretEncoding `yaml:"secret_encoding" default:"text"`
	// The allowed values of `iss`, one or a list. It overrides discovery. Empty:
	// any.
	Issuer []string `yaml:"issuer,single"`
	// Values of which `aud` must contain one. Empty: any.
	Audience []string `yaml:"audience"`
	// The allowed values of `typ` in a token's header, such as `at+jwt`, in any case and
	// with or without `application/`. The empty text allows a token without `typ`.
	// Other tokens are `bad_token`. Empty list: any.
	Types []TokenType `yaml:"types"`
	// The allowed algorithms of the backend's signatures. Empty: those that fit the
	// types of its keys. `EdDSA` and `Ed25519` are two names of one algorithm. Never
	// `none`.
	Algorithms []VerifyAlgorithm `yaml:"algorithms"`
	// How far clocks may differ, at most 5m. Zero: not at all.
	Leeway time.Duration `yaml:"leeway" default:"30s"`
}

// Sign is how enriched tokens are signed.
type Sign struct {
	// The directory of the sidecar's private keys. Required, unless `backend_key` is set
	// or the backend signs all tokens with `verify.secret`. Without it, tokens that the
	// backend signs with a private key are `sign_failed`.
	Keys Path `yaml:"keys"`
	// The algorithm of enriched tokens; `same` is the algorithm of the original. Tokens
	// that the backend signs with `verify.secret` keep their algorithm.
	Algorithm SignAlgorithm `yaml:"algorithm" default:"same"`
	// A PEM file with the backend's private key, instead of `keys`. Enriched tokens
	// are then signed with the backend's own key.
	BackendKey Path `yaml:"backend_key"`
	// The path of the JWKS with the keys of the backend and of the sidecar, on the
	// public listener, or a list of paths. It is also at the backend's own path: that of
	// `verify.jwks` or of the discovery document. Without `keys`, requests for these paths
	// go to the backend.
	JWKSPath []string `yaml:"jwks_path,single" default:"/.well-known/jwks.json"`
	// How long a key is published after another key has replaced it. Must be longer
	// than the life of any token.
	RetireAfter time.Duration `yaml:"retire_after" default:"24h"`
	// How long a key of `keys` signs before the next one is made. The next key starts
	// to sign when all clients know it. At least 15m. Zero: only
	// `tokengraft keys rotate` makes a new key.
	RotateAfter time.Duration `yaml:"rotate_after" default:"0s"`
}

// Claim says which part of the document is in the token, and in which form.
type Claim struct {
	// Whether tokens get the claim. With `false` the sidecar looks at no token of a
	// response and reads no document. It still publishes the merged JWKS and restores
	// tokens, so that tokens with the claim work until they expire. As with `shadow`,
	// nothing else happens at a sign-in.
	Enabled bool `yaml:"enabled" default:"true"`
	// The name of the claim. It cannot be a registered claim, and a claim that decides
	// about access only with `allow_privileged_name`, because users may be able to
	// write their own document.
	Name string `yaml:"name" default:"custom_data"`
	// Whether the claims may have names by which resource servers decide access, such
	// as `roles`, `app_metadata` or `https://example.com/permissions`. Set it only if
	// users cannot write their own document.
	AllowPrivilegedName bool `yaml:"allow_privileged_name" default:"false"`
	// How BSON values are written as JSON.
	Format Format `yaml:"format" default:"plain"`
	// The paths of the document to include. Dots reach into objects. Empty: all.
	Include []string `yaml:"include"`
	// The paths to leave out. Together with `include`, only `_id` is allowed.
	Exclude []string `yaml:"exclude"`
	// What happens to fields that look like credentials, by their name (`passwordHash`,
	// `resetToken`, `api_key`) or the start of their value (`$2b$`, `-----BEGIN`): `drop`
	// leaves them out, unless `include` names their exact path; `warn` embeds them, and
	// the log says so; `allow` embeds them. The preset `app-services` sets `warn`.
	Credentials Credentials `yaml:"credentials" default:"drop"`
	// The kinds of tokens that get the claim.
	Kinds []TokenKind `yaml:"kinds" default:"access"`
	// Other responses that get the claim: `userinfo`, `introspection`. Requires
	// `oidc`, which finds their paths.
	Responses []ResponseKind `yaml:"responses"`
	// The largest document, as JSON.
	MaxSize Size `yaml:"max_size" default:"16KiB"`
	// The largest enriched token in a body.
	MaxTokenSize Size `yaml:"max_token_size" default:"6KiB"`
	// The largest header line with an enriched token. A cookie has at most 4096
	// bytes in any case.
	MaxHeaderSize Size `yaml:"max_header_size" default:"4KiB"`
	// The name of a claim that says how current the document is: `fresh`,
	// `stale`, `absent` or `error`. Unset: no such claim.
	Freshness string `yaml:"freshness"`
	// The name of a claim that says when the document was read, as a
	// NumericDate. Unset: no such claim.
	ReadAt string `yaml:"read_at"`
}

// Documents is where documents come from, and how to find a user's document.
type Documents struct {
	// A collection of a MongoDB database. This or `file` is required.
	MongoDB MongoDB `yaml:"mongodb"`
	// A file with documents instead of `mongodb`: a JSON array or NDJSON, possibly
	// Extended JSON. A lookup after a change sees the changed file.
	File Path `yaml:"file"`
	// The claim that identifies the user. Dots reach into objects, `\.` is a literal
	// dot.
	UserIDClaim ClaimPath `yaml:"user_id_claim" default:"sub"`
	// The field of the document that identifies the user. Dots reach into objects.
	UserIDField string `yaml:"user_id_field,required"`
	// The BSON type of that field. `auto` tries a string first, then an ObjectId if
	// the id has 24 hexadecimal digits, or a number if the id is the decimal form of
	// a whole number. If the id in the token is a JSON number, `auto` matches only
	// numbers.
	UserIDType UserIDType `yaml:"user_id_type" default:"auto"`
	// The field of the document that names the user's issuer. The token's `iss` must be
	// equal to it. Dots reach into objects. Unset: the user id is enough.
	UserIDIssuer string `yaml:"user_id_issuer"`
	// Whether several issuers share one space of user ids. Unless it is `true`, or
	// `user_id_issuer` is set, `check` and `serve` warn about a list of
	// `verify.issuer`: user ids are unique only within their issuer.
	IssuerShared bool `yaml:"issuer_shared" default:"false"`
}

// MongoDB is the collection that documents are read from. It is ignored if
// [Documents].File is set.
type MongoDB struct {
	// The connection string, `mongodb://` or `mongodb+srv://`. This or
	// `uri_file` is required.
	URI Secret `yaml:"uri"`
	// A file with the connection string instead.
	URIFile Path `yaml:"uri_file"`
	// The name of the database.
	Database string `yaml:"database,required"`
	// The name of the collection.
	Collection string `yaml:"collection,required"`
	// For one lookup, retries included. Greater than zero.
	Timeout time.Duration `yaml:"timeout" default:"500ms"`
	// Whether to follow the change stream, so that changed documents are removed from
	// the cache at once. `auto` follows it if there is one.
	Watch Toggle `yaml:"watch" default:"auto"`
}

// Cache is how long documents are kept in memory.
type Cache struct {
	// How much memory the documents may take. Greater than zero.
	MaxBytes Size `yaml:"max_bytes" default:"64MiB"`
	// A further upper bound on the life of an entry. Zero: only the token's lifetime.
	MaxAge time.Duration `yaml:"max_age" default:"0s"`
	// How long to remember that a user has no document. `0s`: not at all. `auto`: `5s`
	// while the change stream is followed, because it shows when the document is
	// inserted; otherwise `0s`.
	MissingFor AutoDuration `yaml:"missing_for" default:"auto"`
	// How long an expired entry may still be used while the source fails. Zero: not
	// at all.
	StaleFor time.Duration `yaml:"stale_for" default:"0s"`
}
