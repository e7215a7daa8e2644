package keys

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// Same is the value of Options.Algorithm that means the algorithm of the original.
const Same = "same"

// Options configure a [Ring]. At least one source of the backend's
// keys is required: JWKS, Discovery, PublicKey, Secret or BackendKey.
type Options struct {
	// JWKS is the URL or the path of the backend's JWK Set. Optional.
	JWKS string
	// Discovery means that the address of the JWK Set comes from the backend's
	// OpenID discovery document: see [Ring.ApplyDiscovery]. It cannot be combined
	// with JWKS.
	Discovery bool
	// Client fetches the JWK Set. If the set is at the backend of a package proxy, use
	// its NewClient. Nil means a client with a timeout of 3 seconds.
	Client *http.Client
	// PublicKey is the path of a PEM file with the backend's public key or
	// certificate. It cannot be combined with JWKS or Discovery. Optional.
	PublicKey string
	// Secret is the secret that the backend signs HS256, HS384 and HS512 with. It
	// verifies such tokens and signs the enriched ones. Optional.
	Secret []byte

	// Encodings are what Secret would be if its text had other encodings, by their names.
	// They verify and sign nothing: if one of them verifies a token that Secret does not,
	// the ring says so in the error and once in the log. Optional.
	Encodings map[string][]byte

	// Issuers are the allowed values of iss. Empty allows any, unless the
	// discovery document names one.
	Issuers []string
	// Audience are the accepted audiences. A token's aud must contain one of them.
	// Empty allows any.
	Audience []string
	// Types are the allowed values of typ in the header of the backend's tokens, such
	// as at+jwt, in any case and with or without the prefix application/. "" allows a
	// token without typ. Empty allows any.
	Types []string
	// Algorithms are the allowed algorithms of the backend's tokens. Empty allows
	// all that fit the types of the keys.
	Algorithms []string
	// Leeway is how far clocks may differ when exp and nbf are checked. Zero
	// allows no difference.
	Leeway time.Duration

	// Dir is the path of the directory of our own keys. Open makes it if it is
	// missing. Without Dir and BackendKey only HS* tokens are signed.
	Dir string
	// BackendKey is the path of a PEM file with the backend's own private key. The
	// ring signs enriched tokens with it, and verifies the backend's tokens too. It
	// cannot be combined with Dir.
	BackendKey string
	// Algorithm is the algorithm of the keys in Dir. [Same] or empty means the
	// algorithm of the original.
	Algorithm string
	// RetireAfter is how long retired keys in Dir are published. It must be at least
	// the lifetime of a token. Zero means [keydir.DefaultRetireAfter].
	RetireAfter time.Duration
	// RotateAfter is how long a key in Dir signs before [Ring.Run] makes the next
	// one. A key whose file does not have the line active is rotated at once. Zero
	// means never.
	RotateAfter time.Duration

	// Logger gets messages for the operator. Nil discards them.
	Logger *slog.Logger
}

// withDefaults replaces zero options by their defaults. The error is an
// [OptionError].
func (o Options) withDefaults() (Options, error) {
	if o.Algorithm == Same {
		o.Algorithm = ""
	}
	if err := o.validate(); err != nil {
		return o, err
	}
	o.RetireAfter = cmp.Or(o.RetireAfter, keydir.DefaultRetireAfter)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

func (o Options) validate() error {
	switch {
	case o.JWKS == "" && !o.Discovery && o.PublicKey == "" && len(o.Secret) == 0 && o.BackendKey == "":
		return &OptionError{"JWKS", errors.New("no keys of the backend: set JWKS, Discovery, PublicKey, Secret or BackendKey")}
	case o.Discovery && o.JWKS != "":
		return &OptionError{"Discovery", errors.New("cannot be combined with JWKS")}
	case o.PublicKey != "" && (o.JWKS != "" || o.Discovery):
		return &OptionError{"PublicKey", errors.New("cannot be combined with JWKS or Discovery")}
	case o.BackendKey != "" && o.Dir != "":
		return &OptionError{"BackendKey", errors.New("cannot be combined with Dir")}
	case o.Algorithm != "" && (!jose.IsSupported(o.Algorithm) || jose.IsSecret(o.Algorithm)):
		return &OptionError{"Algorithm", fmt.Errorf("%q is not a supported asymmetric algorithm; use same, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA or Ed25519", o.Algorithm)}
	}
	for _, duration := range []struct {
		option string
		value  time.Duration
	}{{"Leeway", o.Leeway}, {"RetireAfter", o.RetireAfter}, {"RotateAfter", o.RotateAfter}} {
		if duration.value < 0 {
			return &OptionError{duration.option, fmt.Errorf("must not be negative, but is %v", duration.value)}
		}
	}
	return nil
}

// An OptionError says what is wrong with one of the [Options], or with the file
// or the keys that it names.
type OptionError struct {
	Option string // the name of the field
	Err    error
}

// Error implements error. The text starts with the name of the field.
func (e *OptionError) Error() string { return "keys: " + e.Option + ": " + e.Err.Error() }

// Unwrap returns the error without the name of the field.
func (e *OptionError) Unwrap() error { return e.Err }

// Supports reports whether tokens of an algorithm can be verified and signed.
func Supports(algorithm string) bool { return jose.IsSupported(algorithm) }
