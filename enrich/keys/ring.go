package keys

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
	"github.com/tokengraft/tokengraft/enrich/keys/internal/jwks"
)

// A Ring holds the keys that verify and sign. It is safe for concurrent use.
type Ring struct {
	o       Options
	pinned  []jose.Verifier      // from files and secrets; they never change
	shared  map[string]*jose.Key // the backend's own keys that we sign with, by algorithm
	backend *jwks.Follower       // the backend's JWK Set; nil if it has none
	own     *ownKeys             // nil without Options.Dir
	issuers atomic.Value         // []string: the allowed values of iss
	types   map[string]bool      // the allowed values of typ, as mediaType returns them; empty allows any
	now     func() time.Time

	warnedIssuer, warnedLongLife, warnedNoKeys, warnedEncoding atomic.Bool
	ambiguous                                                  sync.Map // the kids that warnAmbiguous has logged
	odd                                                        oddLog
}

var _ enrich.Ring = (*Ring)(nil)

// Open reads all keys that are in files, and makes missing keys in Options.Dir. It
// does not use the network: [Ring.Run] does. The error wraps an [OptionError].
func Open(o Options) (*Ring, error) { return openAt(o, time.Now) }

// openAt is Open with a clock. The clock is compared with times that other
// processes wrote: exp, nbf, and the times in key files.
func openAt(o Options, now func() time.Time) (*Ring, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &Ring{o: o, shared: map[string]*jose.Key{}, types: mediaTypes(o.Types), now: now}
	r.issuers.Store(o.Issuers)
	r.warnRSASigner()
	for _, open := range []func() error{r.openPinned, r.openOwn, r.openBackend, r.makeOwn} {
		if err := open(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// openOwn opens the directory of our keys.
func (r *Ring) openOwn() (err error) {
	if r.o.Dir == "" {
		return nil
	}
	if r.own, err = openOwnKeys(r.o, r.now); err != nil {
		return &OptionError{"Dir", err}
	}
	return nil
}

// openBackend reads the backend's JWK Set if it is a file. [Ring.Run] fetches one
// that is at a URL.
func (r *Ring) openBackend() error {
	if r.o.JWKS == "" && !r.o.Discovery {
		return nil
	}
	r.backend = jwks.NewFollower(jwks.Options{
		Location: r.o.JWKS, Client: r.o.Client, Logger: r.o.Logger,
		IsOwn:    r.own.contains,
		OnChange: r.onNewSet,
	})
	if err := r.backend.ReadFile(); err != nil {
		return &OptionError{"JWKS", err}
	}
	if set := r.backend.Current(); set != nil {
		r.odd.report(r, set)
	}
	return nil
}

// onNewSet makes our own keys for the algorithms of a new set of the backend.
func (r *Ring) onNewSet(set *jwks.Set) {
	r.odd.report(r, set)
	if err := r.checkBackendKey(set.Keys); err != nil {
		r.o.Logger.Error("cannot sign with the backend's private key. Tokens pass unenriched", "error", err)
	}
	if err := r.own.makeAll(r.ownAlgorithms(set.Keys)); err != nil {
		r.o.Logger.Error(noSigningKey, "error", err)
	}
	if r.own != nil {
		r.publishable(set.Published) // for its warnings
	}
}

// makeOwn makes our own keys for the algorithms of the backend's keys, if those
// are known already.
func (r *Ring) makeOwn() error {
	backend, known := r.backendKeys()
	if !known {
		return nil
	}
	if err := r.own.makeAll(r.ownAlgorithms(backend)); err != nil {
		return &OptionError{"Dir", err}
	}
	return nil
}

// backendKeys returns the backend's keys. They are not known until its JWK Set has
// been fetched.
func (r *Ring) backendKeys() (keys []jose.Verifier, known bool) {
	if r.backend == nil {
		return r.pinned, true
	}
	set := r.backend.Current()
	if set == nil {
		return nil, false
	}
	return slices.Concat(r.pinned, set.Keys), true
}

// ownAlgorithms returns the algorithms that our own keys must sign with:
// Options.Algorithm, or those of the backend's keys.
func (r *Ring) ownAlgorithms(backend []jose.Verifier) []string {
	if r.own == nil {
		return nil
	}
	if r.o.Algorithm != "" {
		return []string{r.o.Algorithm}
	}
	algorithms := slices.Clone(r.o.Algorithms)
	if len(algorithms) == 0 {
		for _, k := range backend {
			algorithms = append(algorithms, cmp.Or(k.Algorithm, jose.Algorithm(k.Key)))
		}
	}
	return slices.DeleteFunc(algorithms, jose.IsSecret)
}

// Run keeps the backend's JWK Set and our own keys up to date until ctx ends. It does
// not return before that, even if there is nothing to do.
func (r *Ring) Run(ctx context.Context) {
	var following sync.WaitGroup
	if r.backend != nil {
		following.Go(func() { r.backend.Run(ctx) })
	}
	if r.own != nil {
		r.own.follow(ctx)
	}
	following.Wait()
	<-ctx.Done()
}

// ApplyDiscovery takes over settings from the backend's discovery document: the
// address of the JWK Set if Options.Discovery is set, and the issuer if
// Options.Issuers is empty. Call it again when the document changes.
func (r *Ring) ApplyDiscovery(jwks, issuer string) {
	if len(r.o.Issuers) == 0 {
		r.issuers.Store([]string{issuer})
	}
	if r.o.Discovery {
		r.backend.SetLocation(jwks)
	}
}

// Check implements [enrich.Checker]. It fetches the backend's JWK Set, and returns
// an error if something would prevent every token from being enriched. The error
// wraps an [OptionError].
func (r *Ring) Check(ctx context.Context) error {
	if r.backend != nil {
		if err := r.backend.Fetch(ctx); err != nil {
			return &OptionError{"JWKS", err}
		}
		if err := r.checkBackendKey(r.backend.Current().Keys); err != nil {
			return err
		}
	}
	if err := r.checkAlgorithms(); err != nil {
		return err
	}
	if err := r.OwnKeysReady(); err != nil {
		return &OptionError{"Dir", err}
	}
	return nil
}

// checkAlgorithms returns an error if none of the backend's known keys can verify
// a token. Then every token would pass unenriched.
func (r *Ring) checkAlgorithms() error {
	keys, _ := r.backendKeys()
	for algorithm := range jose.Supported() {
		fits := func(k jose.Verifier) bool { return k.Fits(algorithm) }
		if r.isAllowed(algorithm) && slices.ContainsFunc(keys, fits) {
			return nil
		}
	}
	if len(keys) == 0 {
		return &OptionError{"JWKS", errors.New("it contains no key that can verify a signature")}
	}
	return &OptionError{"Algorithms", errors.New("none of the backend's keys can be used with these algorithms")}
}

// BackendKeysReady returns nil if the backend's keys are known and up to date.
// Otherwise the error says why they are missing or may be out of date.
func (r *Ring) BackendKeysReady() error {
	if r.backend == nil {
		return nil
	}
	return r.backend.Err()
}

// OwnKeysReady returns an error if our own keys are needed but there are none, or if
// their directory cannot be used now, so that only known keys sign. None are needed
// until the backend's algorithms are known.
func (r *Ring) OwnKeysReady() error {
	backend, known := r.backendKeys()
	if known && len(r.ownAlgorithms(backend)) > 0 && r.own.isEmpty() {
		return errors.New("there is no signing key yet")
	}
	return r.own.err()
}
