// Package keys verifies tokens with the backend's keys and signs them with
// ours, or with the backend's own. It is the only importer of golang-jwt and of
// the JWK library.
package keys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tokengraft/tokengraft/enrich"
)

// Same, as the algorithm to sign with, is the original's.
const Same = "same"

// Options are what a [Ring] is made of.
type Options struct {
	// JWKS is the URL or the path of the backend's JWK Set. Optional.
	JWKS string
	// Learn says that there is a JWK Set, and that [Ring.Learn] will tell where.
	Learn bool
	// Host is the Host of requests for it; empty is the URL's.
	Host string
	// PublicKey is the path of the backend's public key or certificate in PEM
	// form, instead of JWKS. Optional.
	PublicKey string
	// Secret verifies HS256, HS384 and HS512 and signs them again. Optional.
	Secret []byte
	// Issuers are the values that iss may have, Audience those of which aud
	// must have one. Empty is not checked.
	Issuers, Audience []string
	// Algorithms narrows what the types of the keys allow. Empty does not.
	Algorithms []string
	// Leeway is by how much clocks may differ where exp and nbf are checked.
	Leeway time.Duration

	// Dir is the directory of our own keys. It and BackendKey exclude each
	// other; with neither only HS* originals are signed.
	Dir string
	// Algorithm is what asymmetric originals are signed with. [Same] or empty
	// is the original's.
	Algorithm string
	// BackendKey is the path of the backend's private key in PEM form.
	BackendKey string
	// RetireAfter is how long retired keys are published.
	// Zero is [DefaultRetireAfter].
	RetireAfter time.Duration
	// RotateAfter is how long a key of ours signs before [Ring.Run] makes the
	// next one; one that does not say since when has signed for longer. Zero is
	// forever.
	RotateAfter time.Duration

	Client *http.Client // for JWKS; required with a URL
	Logger *slog.Logger // required
}

// An OptionError is a fault of what one of the [Options] names.
type OptionError struct {
	Option string // the name of the field
	Err    error
}

// Error says what is wrong; it names the file, not the option.
func (e *OptionError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *OptionError) Unwrap() error { return e.Err }

// A Ring is the keys that verify and sign. It implements [enrich.Ring] and is
// safe for concurrent use.
type Ring struct {
	o       Options
	pinned  []backendKey    // keys of files and secrets: they never change
	backend *backend        // keys of the JWKS; nil without
	dir     *Dir            // nil without keys of our own
	own     atomic.Value    // keySet
	reading sync.Mutex      // held from reading the directory to storing own
	lent    map[string]*Key // the backend's own keys that we sign with, by algorithm
	needed  chan string     // algorithms that tokens had and no key of ours signs
	times   *jwt.Validator  // of exp and nbf
	issuers atomic.Value    // []string: what iss may be
	foreign atomic.Bool     // a token of another issuer has been logged
	lasting atomic.Bool     // a token of a long life has been logged
	changed chan struct{}   // has one element when the directory is to be read
	now     func() time.Time
}

var _ enrich.Ring = (*Ring)(nil)

// Open reads all keys that are in files, and makes the own keys that are known
// to be needed. It asks nobody over the network: see [Ring.Run].
func Open(o Options) (*Ring, error) { return openAt(o, time.Now) }

// openAt is Open by a clock, which instants of others are compared with.
func openAt(o Options, now func() time.Time) (*Ring, error) {
	if o.RetireAfter == 0 {
		o.RetireAfter = DefaultRetireAfter
	}
	if o.Algorithm == Same {
		o.Algorithm = ""
	}
	r := &Ring{
		o: o, lent: map[string]*Key{}, needed: make(chan string, len(methods)),
		times:   jwt.NewValidator(jwt.WithLeeway(o.Leeway), jwt.WithTimeFunc(now)),
		changed: make(chan struct{}, 1),
		now:     now,
	}
	r.own.Store(keySet(nil))
	r.issuers.Store(o.Issuers)
	for _, open := range []func() error{r.openPinned, r.openOwn, r.openBackend} {
		if err := open(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// openBackend reads the backend's JWKS if it is a file; if it is a URL,
// [Ring.Run] will ask for it.
func (r *Ring) openBackend() error {
	if r.o.JWKS == "" && !r.o.Learn {
		return r.need(&backendSet{keys: r.pinned})
	}
	r.backend = &backend{
		learned: make(chan struct{}, 1), host: r.o.Host, client: r.o.Client, logger: r.o.Logger,
		own:    r.isOwn,
		loaded: r.noticeSet,
	}
	r.backend.location.Store(r.o.JWKS)
	if r.o.JWKS == "" || isURL(r.o.JWKS) {
		return nil
	}
	set, err := r.backend.fetch(context.Background())
	if err != nil {
		return &OptionError{"JWKS", err}
	}
	r.backend.set.Store(set)
	return r.need(set)
}

// Learn tells where the backend's JWK Set is, and who issues its tokens. What
// the Options say of either counts more.
func (r *Ring) Learn(jwks, issuer string) {
	if len(r.o.Issuers) == 0 {
		r.issuers.Store([]string{issuer})
	}
	if r.o.Learn {
		r.backend.learn(jwks)
	}
}

// openPinned reads the secret, the public key and the backend's private key.
func (r *Ring) openPinned() error {
	if len(r.o.Secret) > 0 {
		r.pinned = append(r.pinned, backendKey{public: r.o.Secret})
		for _, algorithm := range secretAlgorithms {
			key, err := newSecretKey(algorithm, r.o.Secret)
			if err != nil {
				return err
			}
			r.lent[algorithm] = key
		}
	}
	if r.o.PublicKey != "" {
		text, err := os.ReadFile(r.o.PublicKey)
		if err != nil {
			return &OptionError{"PublicKey", fmt.Errorf("backend's public key: %w", err)}
		}
		public, err := parsePublic(text)
		if err != nil {
			return &OptionError{"PublicKey", fmt.Errorf("backend's public key: %s: %w", r.o.PublicKey, err)}
		}
		r.pinned = append(r.pinned, backendKey{public: public})
	}
	if r.o.BackendKey != "" {
		if err := r.openBackendKey(); err != nil {
			return &OptionError{"BackendKey", fmt.Errorf("backend's private key: %w", err)}
		}
	}
	return nil
}

func (r *Ring) openBackendKey() error {
	text, err := os.ReadFile(r.o.BackendKey)
	if err != nil {
		return err
	}
	private, err := parsePrivate(text)
	if err == nil {
		err = usable(private.Public())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", r.o.BackendKey, err)
	}
	for _, algorithm := range algorithms(private.Public()) {
		if r.lent[algorithm], err = newKey(algorithm, "", private); err != nil {
			return fmt.Errorf("%s: %w", r.o.BackendKey, err)
		}
	}
	if r.o.PublicKey != "" {
		if err := r.matchBackendKey(&backendSet{keys: r.pinned}); err != nil {
			return err
		}
	}
	r.pinned = append(r.pinned, backendKey{public: private.Public()})
	return nil
}

// matchBackendKey reports that the backend's private key belongs to none of the
// public keys of a set: then it would sign nothing.
func (r *Ring) matchBackendKey(set *backendSet) error {
	if r.o.BackendKey == "" || slices.ContainsFunc(set.keys, func(k backendKey) bool {
		return slices.ContainsFunc(algorithms(k.public), func(algorithm string) bool {
			lent := r.lent[algorithm]
			return lent != nil && samePublic(lent.public, k.public)
		})
	}) {
		return nil
	}
	return &OptionError{"BackendKey", fmt.Errorf("%s belongs to none of the backend's public keys, so it can sign no token", r.o.BackendKey)}
}

// matchAlgorithms reports that none of the backend's keys, which have been had,
// could verify a token: then every token would pass as it came.
func (r *Ring) matchAlgorithms() error {
	keys := slices.Clone(r.pinned)
	if r.backend != nil {
		keys = append(keys, r.backend.set.Load().keys...)
	}
	for algorithm := range methods {
		fits := func(k backendKey) bool { return k.fits(algorithm) }
		if r.allowed(algorithm) && slices.ContainsFunc(keys, fits) {
			return nil
		}
	}
	if len(keys) == 0 {
		return &OptionError{"JWKS", errors.New("no key in it verifies a signature")}
	}
	return &OptionError{"Algorithms", errors.New("fit none of the backend's keys")}
}

// Run follows the backend's JWKS and the directory of our keys until ctx ends.
func (r *Ring) Run(ctx context.Context) {
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		if r.backend != nil {
			r.backend.follow(ctx)
		}
	}()
	if r.dir != nil {
		r.followOwn(ctx)
	}
	<-followed
	<-ctx.Done()
}

// Following reports why the backend's keys are not known, or may be old.
func (r *Ring) Following() error {
	if r.backend == nil {
		return nil
	}
	return r.backend.state()
}

// Check implements [enrich.Checker]: it asks for the backend's JWKS. Its errors,
// like those of Open, wrap an [OptionError].
func (r *Ring) Check(ctx context.Context) error {
	if r.backend != nil {
		if err := r.backend.wait(ctx, r.backend.start()); err != nil {
			return &OptionError{"JWKS", err}
		}
		if err := r.matchBackendKey(r.backend.set.Load()); err != nil {
			return err
		}
	}
	if err := r.matchAlgorithms(); err != nil {
		return err
	}
	if err := r.OwnReady(); err != nil {
		return &OptionError{"Dir", err}
	}
	return nil
}
