package sidecar

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
	"github.com/tokengraft/tokengraft/internal/certs"
	"github.com/tokengraft/tokengraft/internal/tlsadvice"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

const (
	checkTimeout       = 20 * time.Second
	checkSourceTimeout = 5 * time.Second
)

// Check opens everything that a configuration names once, as [Open] would, and sends
// a request to every server that it names. It does not serve. It calls found with
// each finding as soon as it has it, because a server that does not answer delays the
// next findings. It calls waiting with what it starts to wait for, and with "" when it
// does not wait anymore. It returns what the configuration means.
func Check(ctx context.Context, cfg *config.Config, o Options, found func(Finding), waiting func(what string)) Understanding {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	k := checker{cfg: cfg, o: o.withDefaults(), found: found}
	return k.run(ctx, waiting)
}

// run is [Check], without its bound.
func (k *checker) run(ctx context.Context, waiting func(what string)) Understanding {
	k.settings()
	k.certificates()
	waiting("asking the backend, " + k.cfg.Backend.String())
	k.backend(ctx)
	k.preset(ctx)
	waiting("fetching the backend's keys")
	k.keys(ctx)
	waiting("opening functions")
	k.signIns()
	waiting("reading documents" + sourceName(k.cfg))
	k.source(ctx)
	waiting("")
	k.refreshes()
	k.restores()
	k.forwards()
	k.owners()
	k.roles()
	k.notes()
	return understand(k.cfg, k.read)
}

// A checker reports what it finds.
type checker struct {
	cfg        *config.Config
	o          Options
	found      func(Finding)
	discovered oidc.Discovery  // zero if there is no document
	read       *oidc.Discovery // discovered; nil if there is no document
	client     *http.Client    // for requests to the backend
	dry        bool            // write nothing: make no keys
	functions  hooks.Functions // closed, but still says which there are; nil if they could not be opened
}

func (k *checker) ok(format string, args ...any) {
	k.found(Finding{Severity: OK, Text: fmt.Sprintf(format, args...)})
}

func (k *checker) warn(path, format string, args ...any) {
	k.found(Finding{Severity: Warn, At: k.cfg.Fault(path, fmt.Errorf(format, args...))})
}

// fault reports what prevents the sidecar from working, and what to do about it.
func (k *checker) fault(path string, err error, hint string) {
	k.found(Finding{Severity: Fault, At: k.cfg.Fault(path, err), Hint: hint})
}

func (k *checker) note(format string, args ...any) {
	k.found(Finding{Severity: Note, Text: fmt.Sprintf(format, args...)})
}

// hints say what to do about a fault of a setting.
var hints = map[string]string{
	"verify":            "See verify and sign in docs/configuration.md.",
	"verify.jwks":       "It must be a JWK Set. If it is at a URL that does not answer, serve starts anyway, but does not enrich tokens until it has fetched the keys.",
	"verify.algorithms": "List the algorithms that the backend signs with. A token has its algorithm in its header, as alg.",
	"verify.public_key": "It must be a PEM file with a public key or a certificate, and this user must be able to read it.",
	"sign.backend_key":  "It must be a PEM file with the private key that the backend signs with, and this user must be able to read it.",
	"sign.keys":         "It must be a directory. Each *.pem file in it must be a private key that this user can read. The directory must be writable, or contain a key for each algorithm. No other user may be able to write to it.",
	"documents.mongodb": "See documents.mongodb in docs/configuration.md.",
	"documents.file":    "It must be a JSON array or NDJSON with documents, and this user must be able to read it.",
}

// report reports the faults of settings in joined errors, and returns their paths.
func (k *checker) report(err error) (paths []string) {
	for _, fault := range faultsIn(err) {
		k.fault(fault.Path, fault.Err, cmp.Or(hints[fault.Path], "serve does not start until you fix this."))
		paths = append(paths, fault.Path)
	}
	return paths
}

// certificates reports all faults of certificates, and warns about those that expire
// soon.
func (k *checker) certificates() {
	public, errPublic := openPublic(k.cfg, k.o.Logger)
	backend, errBackend := openBackendTLS(k.cfg, k.o.Logger)
	k.report(errors.Join(errPublic, errBackend))
	k.client = backendClient(k.cfg, backend.config())
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
		k.ok("%s is valid", path)
	}
}

func (k *checker) backend(ctx context.Context) {
	began := time.Now()
	response, err := askBackend(ctx, k.client, probed(k.cfg, nil))
	if err != nil {
		hint := cmp.Or(tlsadvice.For(err), "Is the backend running? Is this its address as seen from this machine?")
		k.fault("backend", err, hint+" serve starts without the backend, and answers 502.")
		return
	}
	k.ok("the backend answers %s", response.Status)
	date, err := http.ParseTime(response.Header.Get("Date"))
	// Date has whole seconds, and the response took some time.
	if offset := date.Sub(began); err == nil && offset.Abs() > 2*time.Second+time.Since(began) {
		k.warn("backend", "its clock differs from the clock of this machine by %s, so tokens may seem expired or not valid yet (verify.leeway is %s); set the clocks", offset.Round(time.Second), k.cfg.Verify.Leeway)
	}
}

// signIns opens functions and templates, and runs none of them.
func (k *checker) signIns() {
	functions, err := openFunctions(k.cfg, k.o.Functions, nil, k.o.Logger)
	if err == nil && k.cfg.Functions.Dir != "" {
		k.functions = functions
		k.ok("the functions compile")
		k.inspect(functions, k.permissions(functions))
	}
	_ = closeFunctions(context.Background(), functions) // nothing has called them
	_, creation := creationOf(k.cfg)
	k.report(errors.Join(err, creation))
}

// inspect warns about what functions use and do not have. Only a call shows whether
// that is reached.
func (k *checker) inspect(functions hooks.Functions, callable []string) {
	inspector, ok := functions.(hooks.Inspector)
	if !ok {
		return
	}
	called := append([]string{}, callable...)
	for _, name := range k.cfg.FunctionsNamed() {
		called = append(called, name)
	}
	missing, err := inspector.Inspect(context.Background(), called)
	if err != nil {
		k.warn("functions.dir", "the functions could not be inspected: %w", err)
	}
	for _, text := range missing {
		k.warn("functions.dir", "%s", text)
	}
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
		k.ids(ctx, source)
		k.claim(ctx, source)
		return
	}
	warnings, err := collection.Inspect(ctx)
	if err != nil {
		k.fault("documents.mongodb", err, "Is the server running? Are the address, the name, the password and the permissions of the user in the URI correct? serve starts without MongoDB, but does not enrich tokens until it answers.")
		return
	}
	k.missing(ctx, collection.Source)
	k.unique(ctx, collection.Source)
	k.watch(ctx, collection.Source)
	for _, warning := range warnings {
		k.warn("documents.mongodb", "%s", warning)
	}
	k.ids(ctx, source)
	k.claim(ctx, source)
}

// missing warns about a collection without documents.
func (k *checker) missing(ctx context.Context, collection *mongodoc.Source) {
	switch warning, err := collection.Missing(ctx); {
	case err != nil:
		k.warn("documents.mongodb", "%w", err)
	case warning != "":
		k.warn("documents.mongodb", "%s", warning)
	default:
		k.ok("documents.mongodb can be read")
	}
}

// otherSource checks a source that is not a collection.
func (k *checker) otherSource(ctx context.Context, source source) {
	const setting = "documents.file"
	if err := source.Check(ctx); err != nil {
		k.report(k.cfg.Fault(setting, err))
	} else {
		k.ok("%s can be read", setting)
	}
}

// unique checks that there is the index that user_creation and insertions of users require.
func (k *checker) unique(ctx context.Context, collection *mongodoc.Source) {
	creates, insert := k.cfg.UserCreation.Enabled(), k.usersInsert()
	if !creates && !insert {
		return
	}
	switch err := collection.CheckUnique(ctx); {
	case err == nil:
	case creates:
		k.fault("user_creation", err, "user_creation requires a unique index on the user-id field.")
	default:
		k.warn("access.roles", "%w; without it, a user who inserts twice at the same time gets two documents", err)
	}
}

// watch checks whether the sidecar can notice changed documents at once.
func (k *checker) watch(ctx context.Context, collection *mongodoc.Source) {
	setting := k.cfg.Documents.MongoDB.Watch
	if setting == config.Off {
		return
	}
	err := collection.CanWatch(ctx)
	switch {
	case err == nil:
		k.ok("documents.mongodb.watch: the change stream can be followed")
	case setting == config.On:
		k.fault("documents.mongodb.watch", err, "Change streams require a replica set (one node is enough), and the permissions find and changeStream. Or set watch to auto.")
	case k.cfg.Access.Writes():
		k.ok("documents.mongodb.watch: there is no change stream, and none is needed: users can change documents (access), so every login reads its document")
	default:
		k.warn("documents.mongodb.watch", "%w; a login may get a document that is as old as the life of a token, but a refresh always gets a fresh one", err)
	}
}
