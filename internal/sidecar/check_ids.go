package sidecar

import (
	"context"
	"maps"
	"slices"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// ids warns about documents that belong to no user, because of the type of their user-id
// field. Where the source can show it, it looks at some of them.
func (k *checker) ids(ctx context.Context, source source) {
	counter, ok := source.(interface {
		CountTypes(context.Context) (map[string]int, error)
	})
	if !ok {
		return
	}
	counts, err := counter.CountTypes(ctx)
	if err != nil {
		k.warn("documents.user_id_field", "cannot read the types of the ids: %w", err)
		return
	}
	all := 0
	for _, n := range counts {
		all += n
	}
	if n := counts[""]; n > 0 && n == all {
		k.warn("documents.user_id_field", "none of %d documents that were read has a value in %s, so they belong to no user; name the field that has the user's id", all, k.cfg.Documents.UserIDField)
	}
	for _, found := range slices.Sorted(maps.Keys(counts)) {
		k.idType(found, counts[found], all)
	}
	k.createdType(counts)
}

// idType warns about a type of ids that no user can have.
func (k *checker) idType(found string, n, all int) {
	set := k.cfg.Documents.UserIDType
	if found == "" || userIDTypes[set].Matches(found) {
		return
	}
	use := "no user_id_type matches it"
	for _, typ := range []config.UserIDType{config.AutoID, config.UUID} {
		if userIDTypes[typ].Matches(found) {
			use = "set user_id_type: " + string(typ)
		}
	}
	k.warn("documents.user_id_type", "in %d of %d documents that were read, %s is of the type %s, which %s never matches; %s", n, all, k.cfg.Documents.UserIDField, found, set, use)
}

// createdType warns if user_creation would insert ids of a type that no document has.
func (k *checker) createdType(counts map[string]int) {
	if !k.cfg.UserCreation.Enabled() || k.cfg.Documents.UserIDType != config.AutoID || counts[string(bsonjson.StringID)] > 0 {
		return
	}
	for _, typ := range []bsonjson.UserIDType{bsonjson.IntID, bsonjson.ObjectID} {
		if counts[string(typ)] > 0 {
			k.warn("documents.user_id_type", "with auto, user_creation inserts an id that is a string in the token as a string, but the documents have %s; set user_id_type: %[1]s, so that it inserts the same type", typ)
			return
		}
	}
}
