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

// Same, as Options.Algorithm, signs with the algorithm of the original.
const Same = "same"

// Options configure a [Ring]. At least one source of the backend's
// keys is required: JWKS, Discovery, PublicKey, Secret or BackendKey.
type Options struct {
	// JWKS is the URL or the path of the backend's JWK Set. Optional.
	JWKS string
	// Discovery, instead of JWKS, says that the address of the JWK Set comes from
	// the backend's OpenID discovery document: see [Ring.ApplyDiscovery].
	Discovery bool
	// Host is the Host of requests for the JWK Set. Empty means the URL's.
	Host string
	// Client fetches the JWK Set. Nil means a client with a timeout of 3 seconds.
	Client *http.Client
	// PublicKey, instead of JWKS, is the path of a PEM file with the backend's
	// public key or certificate. Optional.
	PublicKey string
	// Secret verifies HS256, HS384 and HS512 and signs them again. Optional.
	Secret []byte

	// Issuers are the allowed values of iss. Empty allows any, unless the
	// discovery document names one.
	Issuers []string
	// Audience are values of which aud must contain one. Empty allows any.
	Audience []string
	// Algorithms are the allowed algorithms of the backend's tokens. Empty allows all
	// that fit the types of the keys.
	Algorithms []string
	// Leeway is how far clocks may differ where exp and nbf are checked. Zero
	// allows no difference.
	Leeway time.Duration

	// Dir is the path of the directory of our own keys, which is made if it is
	// missing. Without Dir and BackendKey only HS* tokens are signed.
	Dir string
	// BackendKey, instead of Dir, is the path of a PEM file with the backend's own
	// private key: tokens are signed as the backend does. It verifies tokens too.
	BackendKey string
	// Algorithm is the algorithm of the keys in Dir. [Same] or empty means that of the
	// original.
	Algorithm string
	// RetireAfter is how long retired keys in Dir are published: at least as long
	// as tokens live. Zero means [keydir.DefaultRetireAfter].
	RetireAfter time.Duration
	// RotateAfter is how long a key in Dir signs before [Ring.Run] makes the next
	// one. A key whose file has no such time is rotated at once. Zero means never.
	RotateAfter time.Duration

	// Logger gets what an operator should know. Nil discards it.
	Logger *slog.Logger
}

// withDefaults returns the options with defaults in place of zeros. Its error is
// an [OptionError].
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
		return &OptionError{"Algorithm", fmt.Errorf("%q is not an algorithm of private keys, want same, RS256, PS256, ES256, EdDSA or the like", o.Algorithm)}
	}
	for _, duration := range []struct {
		option string
		value  time.Duration
	}{{"Leeway", o.Leeway}, {"RetireAfter", o.RetireAfter}, {"RotateAfter", o.RotateAfter}} {
		if duration.value < 0 {
			return &OptionError{duration.option, fmt.Errorf("%v is below zero", duration.value)}
		}
	}
	return nil
}

// An OptionError is a fault of one of the [Options], or of the file or the keys
// that it names.
type OptionError struct {
	Option string // the name of the field
	Err    error
}

// Error names the field.
func (e *OptionError) Error() string { return "keys: " + e.Option + ": " + e.Err.Error() }

// Unwrap returns the fault alone.
func (e *OptionError) Unwrap() error { return e.Err }
