package sidecar

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
	"github.com/tokengraft/tokengraft/internal/certs"
	"github.com/tokengraft/tokengraft/internal/tlsadvice"
)

const (
	checkTimeout       = 20 * time.Second
	checkSourceTimeout = 5 * time.Second
)

// Check opens everything that a configuration names once, as [Open] would, and
// asks everybody whom it names over the network. It serves nothing. It calls found with
// each finding at once, since a check of what does not answer takes its time.
func Check(ctx context.Context, cfg *config.Config, o Options, found func(Finding)) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	k := checker{cfg: cfg, o: o.withDefaults(), found: found}
	k.settings()
	k.certificates()
	k.backend(ctx)
	k.keys(ctx)
	k.signIns()
	k.source(ctx)
	k.notes()
}

// A checker passes on what it finds.
type checker struct {
	cfg        *config.Config
	o          Options
	found      func(Finding)
	backendTLS *tls.Config // nil for the system's way
}

func (k *checker) ok(format string, args ...any) {
	k.found(Finding{Severity: OK, Text: fmt.Sprintf(format, args...)})
}

func (k *checker) warn(path, format string, args ...any) {
	k.found(Finding{Severity: Warn, At: k.cfg.Fault(path, fmt.Errorf(format, args...))})
}

// fault reports what keeps the sidecar from its work, and what to do about it.
func (k *checker) fault(path string, err error, hint string) {
	k.found(Finding{Severity: Fault, At: k.cfg.Fault(path, err), Hint: hint})
}

func (k *checker) note(format string, args ...any) {
	k.found(Finding{Severity: Note, Text: fmt.Sprintf(format, args...)})
}

// hints say what to do about what a setting names.
var hints = map[string]string{
	"verify":            "See the settings of verify and sign in docs/configuration.md.",
	"verify.jwks":       "It must be a JWK Set. serve starts while a URL does not answer: tokens pass unenriched until it does.",
	"verify.algorithms": "They must be those that the backend signs with: alg in the header of its tokens.",
	"verify.public_key": "It must be a PEM file with a public key or a certificate, which this user can read.",
	"sign.backend_key":  "It must be a PEM file with the private key that the backend signs with, which this user can read.",
	"sign.keys":         "It must be a directory in which every *.pem file is a private key that this user can read; it must be writable, or have a key for each algorithm.",
	"documents.mongodb": "See the settings of documents.mongodb in docs/configuration.md.",
	"documents.file":    "It must be a JSON array or NDJSON of documents, which this user can read.",
}

// report reports the faults of settings among joined errors, and returns their
// paths.
func (k *checker) report(err error) (paths []string) {
	for _, fault := range faultsIn(err) {
		k.fault(fault.Path, fault.Err, cmp.Or(hints[fault.Path], "serve does not start with it."))
		paths = append(paths, fault.Path)
	}
	return paths
}

// settings warns of what the configuration allows and should not.
func (k *checker) settings() {
	v := k.cfg.Verify
	if len(v.Issuer) == 0 && len(v.Audience) == 0 && !k.cfg.OIDC.Enabled {
		k.warn("verify", "neither issuer nor audience is set: every token that the backend's keys verify is enriched, those made for other applications too")
	}
	if secret := v.Secret.Reveal(); secret != "" && len(secret) < 32 {
		k.warn("verify.secret", "%d bytes are fewer than HS256 needs (RFC 7518, section 3.2: 32): it can be guessed", len(secret))
	}
	for i, rule := range k.cfg.Rules {
		if host := hostOf(rule.Match); host != "" && !strings.Contains(host, ".") {
			k.warn(fmt.Sprintf("rules[%d].match", i), "is for the host %s only; a path begins with a slash", host)
		}
	}
	if k.cfg.Claim.MaxTokenSize > 8<<10 {
		k.warn("claim.max_token_size", "many servers refuse request headers over 8 KiB, and clients send the token in one")
	}
}

// hostOf is the host of a pattern of net/http's ServeMux: [METHOD ][HOST]/[PATH].
func hostOf(pattern string) string {
	host, _, _ := strings.Cut(pattern, "/")
	if i := strings.LastIndexAny(host, " \t"); i >= 0 {
		host = host[i+1:]
	}
	return host
}

// certificates reports every fault of the certificates, and warns of those that
// end soon.
func (k *checker) certificates() {
	public, errPublic := openPublic(k.cfg, k.o.Logger)
	backend, errBackend := openBackendTLS(k.cfg, k.o.Logger)
	k.report(errors.Join(errPublic, errBackend))
	k.backendTLS = backend.config()
	k.pair("tls.cert_file", public)
	if backend != nil {
		k.pair("backend_tls.cert_file", backend.own)
	}
}

func (k *checker) pair(path string, pair *certs.Pair) {
	if pair == nil {
		return
	}
	if err := pair.Expiry(); err != nil {
		k.warn(path, "%w", err)
	} else {
		k.ok("%s", path)
	}
}

func (k *checker) backend(ctx context.Context) {
	began := time.Now()
	response, err := askBackend(ctx, k.cfg, k.backendTLS)
	if err != nil {
		hint := cmp.Or(tlsadvice.For(err), "Is it running, and is this its address as seen from here?")
		k.fault("backend", err, hint+" serve starts without it and answers 502.")
		return
	}
	k.ok("backend answers %s", response.Status)
	date, err := http.ParseTime(response.Header.Get("Date"))
	// Date has whole seconds, and the answer took its time.
	if offset := date.Sub(began); err == nil && offset.Abs() > 2*time.Second+time.Since(began) {
		k.warn("backend", "its clock is %s off ours: tokens may seem expired or not valid yet (verify.leeway is %s)", offset.Round(time.Second), k.cfg.Verify.Leeway)
	}
}

func (k *checker) keys(ctx context.Context) {
	ring, err := openRing(k.cfg, k.backendTLS, k.o.Logger)
	if err == nil {
		k.backendKeys(ctx, ring)
	}
	faults := k.report(err)
	if k.cfg.Sign.Keys != "" && !slices.Contains(faults, "sign.keys") {
		k.ownKeys()
	}
}

func (k *checker) backendKeys(ctx context.Context, ring *keys.Ring) {
	if k.cfg.OIDC.Enabled && !k.discovery(ctx, ring) {
		return
	}
	if err := ring.Check(ctx); err != nil {
		k.report(keyFault(k.cfg, err))
	} else {
		k.ok("keys of the backend")
	}
}

func (k *checker) ownKeys() {
	dir, err := keydir.Open(string(k.cfg.Sign.Keys))
	if errors.Is(err, fs.ErrNotExist) {
		return // it is made when nothing else is wrong
	}
	var infos []keydir.Info
	if err == nil {
		infos, err = dir.List(time.Now())
	}
	if err != nil {
		k.report(k.cfg.Fault("sign.keys", err))
	}
	for _, info := range infos {
		k.ok("signing key %s %s, %s", info.Algorithm, info.ID, info.State)
		if info.WorldReadable {
			k.warn("sign.keys", "%s can be read by every user of the machine: chmod 600 it", info.Path)
		}
	}
}

// discovery tells the ring what the backend says of itself.
func (k *checker) discovery(ctx context.Context, ring *keys.Ring) bool {
	follower, err := newFollower(k.cfg, k.backendTLS, k.o.Logger, nil)
	if err != nil {
		k.fault("oidc", err, "")
		return false
	}
	discovery, err := follower.Fetch(ctx)
	if err != nil {
		k.fault("oidc", err, "Is there a discovery document at this path of the backend? serve starts without it: tokens pass unenriched until it is had.")
		return false
	}
	ring.ApplyDiscovery(k.cfg.Backend.String()+discovery.JWKS, discovery.Issuer)
	k.ok("discovery document of %s", discovery.Issuer)
	return true
}

// signIns opens what happens when users sign in, without running any of it.
func (k *checker) signIns() {
	_, err := openFunctions(k.cfg, k.o.Functions, nil, k.o.Logger)
	if err == nil && k.cfg.Functions.Dir != "" {
		k.ok("functions compile")
	}
	_, creation := creationOf(k.cfg)
	k.report(errors.Join(err, creation))
}

func (k *checker) source(ctx context.Context) {
	source, err := openSource(k.cfg, k.o)
	if err != nil {
		k.report(err)
		return
	}
	defer source.Close(context.WithoutCancel(ctx))
	ctx, cancel := context.WithTimeout(ctx, checkSourceTimeout)
	defer cancel()
	collection, ok := source.(collectionSource)
	if !ok {
		k.otherSource(ctx, source)
		return
	}
	warnings, err := collection.Inspect(ctx)
	if err != nil {
		k.fault("documents.mongodb", err, "Is the server running, and are name, password and rights of the URI right? serve starts without it.")
		return
	}
	k.ok("documents.mongodb can be read")
	k.unique(ctx, collection.Source)
	k.watch(ctx, collection.Source)
	for _, warning := range warnings {
		k.warn("documents.mongodb", "%s", warning)
	}
}

// otherSource looks at a source that is not a collection.
func (k *checker) otherSource(ctx context.Context, source source) {
	const setting = "documents.file"
	if err := source.Check(ctx); err != nil {
		k.report(k.cfg.Fault(setting, err))
	} else {
		k.ok(setting)
	}
}

// unique looks for the index that creating documents needs.
func (k *checker) unique(ctx context.Context, collection *mongodoc.Source) {
	if !k.cfg.UserCreation.Enabled() {
		return
	}
	if err := collection.CheckUnique(ctx); err != nil {
		k.fault("user_creation", err, "Until then concurrent first logins can make several documents of one user.")
	}
}

// watch says whether changes of documents will be seen at once.
func (k *checker) watch(ctx context.Context, collection *mongodoc.Source) {
	setting := k.cfg.Documents.MongoDB.Watch
	if setting == config.Off {
		return
	}
	err := collection.CanWatch(ctx)
	switch {
	case err == nil:
		k.ok("documents.mongodb.watch: its change stream can be followed")
	case setting == config.On:
		k.fault("documents.mongodb.watch", err, "Change streams need a replica set (one node will do), and the right to find and changeStream; or say auto.")
	default:
		k.warn("documents.mongodb.watch", "%w: logins may carry documents that are as old as a token lives, refreshes never", err)
	}
}

// notes says what no check can find out.
func (k *checker) notes() {
	if k.cfg.Shadow {
		k.note("shadow is on: tokens are only counted. On the way in turn it off when every verifier has taken its keys from %s for 5 minutes, as long as they may be cached. On the way out leave it on until the last enriched token has expired, then take the sidecar away.", k.cfg.Sign.JWKSPath)
	}
	k.note("Absence of the claim must never grant anything: a token passes without it when enrichment fails.")
	if k.cfg.Sign.Keys != "" {
		k.note("Every verifier must take its keys from %s of this sidecar, and introspect through it; one that pins a key needs sign.backend_key.", k.cfg.Sign.JWKSPath)
	}
}
