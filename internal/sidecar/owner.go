package sidecar

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/owner"
	"github.com/tokengraft/tokengraft/internal/userapi"
	"github.com/tokengraft/tokengraft/proxy"
)

// answersOwners reports whether users can read their document. In shadow they cannot write
// it, because nothing may change.
func answersOwners(cfg *config.Config) bool { return cfg.Access.Mode != config.NoAccess }

func ownersWrite(cfg *config.Config) bool {
	return cfg.Access.Mode == config.OwnerWrite && cfg.Live()
}

// ownerLocals returns the path at which users read and write their own document, or none.
// The error is a [config.FieldError].
func (g *generation) ownerLocals(s *Sidecar) ([]proxy.Local, error) {
	if !answersOwners(g.cfg) {
		return nil, nil
	}
	metrics, err := userapi.NewMetrics(s.o.Meter)
	if err != nil {
		return nil, err
	}
	access := g.cfg.Access
	o := owner.Options{
		Authenticate: g.enricher.Authenticate,
		Source:       g.documents, Failing: g.documents.failing,
		MaxSize: int(access.MaxSize), Cache: s.cache,
		Origins: access.Origins, Limiter: g.limiter, Metrics: metrics, Logger: g.logger,
	}
	local := proxy.Local{Pattern: access.Path, Turns: s.shared.documentTurns}
	if ownersWrite(g.cfg) {
		if err := g.completeWrites(&o); err != nil {
			return nil, err
		}
		local.MaxBody = min(owner.MaxBody(o.MaxSize), int64(g.cfg.Limits.Body))
	}
	handler := owner.New(o)
	local.Handler, local.Refuse = g.documents.guard(handler), handler.Refuse
	return []proxy.Local{local}, nil
}

var errNotWritable = errors.New("is owner-write, but the source of documents is not a collection of MongoDB; use owner-read")

// completeWrites adds what a handler needs to write.
func (g *generation) completeWrites(o *owner.Options) error {
	collection, ok := g.documents.source.(collectionSource)
	if !ok {
		return g.cfg.Fault("access.mode", errNotWritable)
	}
	d, schema := g.cfg.Documents, g.cfg.Access.Schema
	mapping, err := bsonjson.NewMapping(d.UserIDField, userIDTypes[d.UserIDType], formats[g.cfg.Claim.Format], projectionOf(g.cfg.Claim))
	if err != nil {
		return g.cfg.Fault("documents.user_id_field", err)
	}
	if schema != "" {
		if o.Schema, err = owner.OpenSchema(string(schema)); err != nil {
			return g.cfg.Fault("access.schema", err)
		}
	}
	o.Collection, o.Mapping = collection.Source, mapping
	o.Rules, err = writeRules(g.cfg)
	return err
}

// writeRules returns which paths of their document users may write. The error is a
// [config.FieldError].
func writeRules(cfg *config.Config) (owner.Rules, error) {
	decisive, err := decisivePaths(cfg)
	if err != nil {
		return owner.Rules{}, err
	}
	r := owner.Rules{
		Writable: cfg.Access.Writable, AllowPrivileged: cfg.Access.AllowPrivileged,
		Decisive: decisive, Identity: []string{"_id", cfg.Documents.UserIDField},
	}
	if issuer := cfg.Documents.UserIDIssuer; issuer != "" {
		r.Identity = append(r.Identity, issuer)
	}
	r.Identity, r.Decisive = withoutIndices(r.Identity), withoutIndices(r.Decisive)
	return r, nil
}

// withoutIndices adds to paths with indices of arrays those without, because the paths of
// writes have none. A number can also be the name of a field.
func withoutIndices(paths []string) []string {
	all := slices.Clone(paths)
	for _, path := range paths {
		names := slices.DeleteFunc(strings.Split(path, "."), func(name string) bool { return strings.Trim(name, "0123456789") == "" })
		if short := strings.Join(names, "."); short != path {
			all = append(all, short)
		}
	}
	return all
}

// guard keeps the source open while the handler uses it. If it is closed already, its reads
// and writes fail.
func (d *documents) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.uses.acquire() {
			defer d.uses.release()
		}
		next.ServeHTTP(w, r)
	})
}
