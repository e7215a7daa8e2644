package discover

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// Users says which claim and which field of the documents identify a user.
type Users struct {
	Collection string // the collection that was sampled
	Claim      string // empty if no claim matches
	Field      string
	Type       string   // user_id_type; empty if the default matches
	BSON       string   // the type of the ids in the documents
	Sampled    int      // documents
	Tokens     int      // different values of the claim in the tokens
	Matched    int      // those of them that have a document
	Indexed    bool     // the field has an index
	Fields     []string // names of fields that may be in a token; no credentials
	Notes      []string // sentences for the comments
}

func (u *Users) note(format string, args ...any) {
	u.Notes = append(u.Notes, fmt.Sprintf(format, args...))
}

const (
	// matchTimeout limits all that is asked of MongoDB, and lookTimeout one question.
	matchTimeout, lookTimeout = time.Minute, 10 * time.Second
	maxLikely                 = 6  // collections that are sampled
	maxIDFields               = 12 // fields of a collection that are compared
)

// MatchUsers compares claims of tokens with the documents of a collection. An empty
// collection means any of the database whose name looks like that of users. It reads up to
// 200 documents of a collection, and looks for the ids in the tokens; it writes nothing.
func MatchUsers(ctx context.Context, uri, database, collection string, tokens []string) (Users, error) {
	ctx, cancel := context.WithTimeout(ctx, matchTimeout)
	defer cancel()
	x, err := mongodoc.Explore(mongodoc.Options{URI: uri, Database: database, Timeout: lookTimeout})
	if err != nil {
		return Users{}, err
	}
	defer x.Close(context.WithoutCancel(ctx))
	collections := []string{collection}
	all, err := listCollections(ctx, x)
	if collection == "" {
		if err != nil {
			return Users{}, err
		}
		collections = likely(all)
	}
	if len(collections) == 0 {
		return Users{}, fmt.Errorf("the database %s has no collection, so there is nothing to compare ids with. Check --database", database)
	}
	best, err := bestOf(ctx, x, collections, idClaims(parseTokens(tokens)))
	if err != nil {
		return best, err
	}
	if collection != "" && !slices.Contains(all, collection) && len(all) > 0 {
		best.note("The database %s has no collection %s. It has: %s", database, collection, listed(all))
	}
	if collection == "" && best.Claim == "" {
		best.note("Looked for the ids in these collections: %s", listed(collections))
	}
	return best, nil
}

func listCollections(ctx context.Context, x *mongodoc.Explorer) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	return x.Collections(ctx)
}

// bestOf returns what the collection says in which the most users have a document.
func bestOf(ctx context.Context, x *mongodoc.Explorer, collections []string, claims []idClaim) (best Users, err error) {
	for i, name := range collections {
		u, err := matchCollection(ctx, x, name, claims)
		if err != nil {
			return best, err
		}
		if i == 0 || u.Matched > best.Matched || u.Matched == best.Matched && best.Claim == "" && best.Sampled == 0 && u.Sampled > 0 {
			best = u
		}
	}
	return best, nil
}

var (
	usersName   = regexp.MustCompile(`(?i)(^|[._-])(users?|accounts?|members?|profiles?|people|persons?|customers?|players?|subscribers?|employees?|custom_?data)$`)
	usersPart   = regexp.MustCompile(`(?i)user|account|member|profile|person|people|customer|custom_?data`)
	otherThings = regexp.MustCompile(`(?i)session|token|log|audit|event|setting|order|message|history`)
)

// likely returns the collections that may have users, the likeliest first. If no name looks
// like users, these are all.
func likely(names []string) []string {
	rank := func(name string) int {
		switch {
		case usersName.MatchString(name):
			return 0
		case usersPart.MatchString(name) && !otherThings.MatchString(name):
			return 1
		}
		return 2
	}
	sorted := slices.Clone(names)
	slices.SortStableFunc(sorted, func(a, b string) int { return rank(a) - rank(b) })
	looks := slices.IndexFunc(sorted, func(name string) bool { return rank(name) == 2 })
	if looks > 0 {
		sorted = sorted[:looks]
	}
	return sorted[:min(len(sorted), maxLikely)]
}

// matchCollection compares claims with the fields of one collection.
func matchCollection(ctx context.Context, x *mongodoc.Explorer, collection string, claims []idClaim) (Users, error) {
	u := Users{Collection: collection}
	looking, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	n, uses, err := x.FieldUses(looking, collection)
	if err != nil {
		return u, err
	}
	u.Sampled, u.Fields = n, tokenFields(uses)
	if n == 0 {
		u.note("The collection %s has no documents yet, so ids could not be compared", collection)
		return u, nil
	}
	var pairs []idPair
	for _, field := range idFields(uses) {
		found, err := matchField(ctx, x, collection, field, claims)
		if err != nil {
			u.note("The field %s could not be searched: %v", field.Path, err)
			continue
		}
		pairs = append(pairs, found...)
	}
	u.choose(ctx, x, pairs, claims, uses)
	return u, nil
}

// idFields returns the fields that may have the user's id: those whose values are ids, and
// different in all documents. The most usual names come first. A field with any other name
// counts too, but not with numbers: a counter could have the number of an id by chance.
func idFields(uses []bsonjson.FieldUse) []bsonjson.FieldUse {
	var fields []bsonjson.FieldUse
	for _, use := range uses {
		texts := use.Types["string"] + use.Types["objectId"] + use.Types["uuid"]
		ids := texts + use.Types["int"]
		named := fieldRank(use.Path) <= len(idNames) || texts == ids
		if use.Path == "_id" || ids > 0 && use.Distinct == ids && named && !use.Credential {
			fields = append(fields, use)
		}
	}
	slices.SortStableFunc(fields, func(a, b bsonjson.FieldUse) int { return cmp.Compare(fieldRank(a.Path), fieldRank(b.Path)) })
	return fields[:min(len(fields), maxIDFields)]
}

// fieldRank is nameRank, with _id first.
func fieldRank(path string) int {
	if path == "_id" {
		return -1
	}
	return nameRank(path)
}

// tokenFields returns the names of the fields that a token may carry: no ids of the
// document itself, and nothing that looks like a credential.
func tokenFields(uses []bsonjson.FieldUse) (names []string) {
	for _, use := range uses {
		if use.Path != "_id" && use.Path != "__v" && use.Path != "_class" && !strings.Contains(use.Path, ".") && !use.Credential {
			names = append(names, use.Path)
		}
	}
	return names
}

func listed(names []string) string {
	if len(names) > 12 {
		return strings.Join(names[:12], ", ") + " and others"
	}
	return strings.Join(names, ", ")
}
