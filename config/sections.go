package config

import "time"

// TLS is the certificate of the public listener. Both files are read again when
// they change.
type TLS struct {
	// A PEM file with the certificate, followed by those between it and a root.
	CertFile Path `yaml:"cert_file,required"`
	// A PEM file with its private key.
	KeyFile Path `yaml:"key_file,required"`
}

// BackendTLS is how an https backend is spoken to. The certificate is read again
// when it changes.
type BackendTLS struct {
	// A PEM file with the authorities that may have signed the backend's
	// certificate. Unset: the system's.
	CAFile Path `yaml:"ca_file"`
	// A PEM file with the certificate that the backend is shown, if it asks for
	// one.
	CertFile Path `yaml:"cert_file"`
	// A PEM file with its private key.
	KeyFile Path `yaml:"key_file"`
	// The name that the backend is asked for and that its certificate must be
	// for. Unset: the host of `backend`.
	ServerName string `yaml:"server_name"`
}

// Verify is how the backend's tokens are verified.
type Verify struct {
	// The backend's keys as a JWK set: a URL, or a file.
	JWKS JWKS `yaml:"jwks"`
	// A PEM file with the backend's public key, instead of `jwks`.
	PublicKey Path `yaml:"public_key"`
	// The backend's secret of HS256, HS384 or HS512, alone or beside one of
	// the above. Such tokens are signed with it again.
	Secret Secret `yaml:"secret"`
	// A file with the secret instead.
	SecretFile Path `yaml:"secret_file"`
	// What `iss` must be, one or a list. It overrides what discovery says.
	// Empty: anything.
	Issuer []string `yaml:"issuer,single"`
	// `aud` must contain one of these. Empty: anything.
	Audience []string `yaml:"audience"`
	// The algorithms of the backend's signatures. Empty: those that fit the
	// types of its keys. Never `none`.
	Algorithms []VerifyAlgorithm `yaml:"algorithms"`
	// How far clocks may be apart, at most 5m. Zero: not at all.
	Leeway time.Duration `yaml:"leeway" default:"30s"`
}

// Sign is how enriched tokens are signed.
type Sign struct {
	// The directory of our private keys. Required, unless `backend_key` is set
	// or the backend's tokens are all signed with `verify.secret`.
	Keys Path `yaml:"keys"`
	// The algorithm of enriched tokens, `same` being that of the original.
	// Tokens signed with `verify.secret` keep theirs.
	Algorithm SignAlgorithm `yaml:"algorithm" default:"same"`
	// A PEM file with the backend's private key, instead of `keys`: enriched
	// tokens are signed as by the backend itself.
	BackendKey Path `yaml:"backend_key"`
	// Where the backend's keys and ours are published, merged, on the public
	// listener. Without own keys this path goes to the backend.
	JWKSPath string `yaml:"jwks_path" default:"/.well-known/jwks.json"`
	// How long a key is still published after another took its place. Longer
	// than any token lives.
	RetireAfter time.Duration `yaml:"retire_after" default:"24h"`
	// How long a key of `keys` signs before the next one is made, which takes
	// over when every client knows it. At least 15m. Zero: only
	// `tokengraft keys rotate` makes one.
	RotateAfter time.Duration `yaml:"rotate_after" default:"0s"`
}

// Claim is what of the document stands in the token, and how.
type Claim struct {
	// The name of the claim. No registered claim, nor one that access is
	// decided by: users may be able to write their own document.
	Name string `yaml:"name" default:"custom_data"`
	// How BSON values are written as JSON.
	Format Format `yaml:"format" default:"plain"`
	// The paths of the document that are taken, with dots into objects, exact.
	// Empty: all.
	Include []string `yaml:"include"`
	// The paths that are left out. Beside `include` only `_id`.
	Exclude []string `yaml:"exclude"`
	// The kinds of tokens that get the claim.
	Kinds []TokenKind `yaml:"kinds" default:"access"`
	// Which other answers carry the claim, besides tokens: those of `userinfo`
	// and `introspection`. With `oidc` only, which learns where they are.
	Responses []ResponseKind `yaml:"responses"`
	// The largest document, as JSON.
	MaxSize Size `yaml:"max_size" default:"16KiB"`
	// The largest enriched token in a body.
	MaxTokenSize Size `yaml:"max_token_size" default:"6KiB"`
	// The largest header line with an enriched token in it. A cookie is never
	// over 4096 bytes.
	MaxHeaderSize Size `yaml:"max_header_size" default:"4KiB"`
	// The name of a claim that says how current the document is: `fresh`,
	// `stale`, `absent` or `error`. Unset: no such claim.
	Freshness string `yaml:"freshness"`
	// The name of a claim that says when the document was read, as a
	// NumericDate. Unset: no such claim.
	ReadAt string `yaml:"read_at"`
}

// Documents is where documents come from, and which is whose.
type Documents struct {
	// A collection of a MongoDB database; or `file`.
	MongoDB MongoDB `yaml:"mongodb"`
	// A JSON array or NDJSON of documents, Extended JSON understood; or
	// `mongodb`. A lookup sees a changed file.
	File Path `yaml:"file"`
	// The claim that names the user. Dots reach into objects, `\.` is a literal
	// dot.
	UserIDClaim ClaimPath `yaml:"user_id_claim" default:"sub"`
	// The field of the document that names the user. Dots reach into objects.
	UserIDField string `yaml:"user_id_field,required"`
	// The BSON type of that field. `auto` is a string first, then an ObjectId
	// where it could be one; a JSON number matches numbers only.
	UserIDType UserIDType `yaml:"user_id_type" default:"auto"`
}

// MongoDB is the collection that documents are read from. It means nothing where
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
	// Whether the change stream is followed, so that changed documents leave
	// the cache at once. `auto` follows it where there is one.
	Watch Toggle `yaml:"watch" default:"auto"`
}

// Cache is how long documents are remembered.
type Cache struct {
	// How much memory the documents may take. Greater than zero.
	MaxBytes Size `yaml:"max_bytes" default:"64MiB"`
	// A further upper bound on an entry's life. Zero: none but the token's
	// lifetime.
	MaxAge time.Duration `yaml:"max_age" default:"0s"`
	// How long it is remembered that a user has no document. Zero: not at all.
	MissingFor time.Duration `yaml:"missing_for" default:"5s"`
	// How long past its life an entry may stand in for a failing source. Zero:
	// never.
	StaleFor time.Duration `yaml:"stale_for" default:"0s"`
}
