package discover

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// An idPair is a claim and a field that have the same ids.
type idPair struct {
	claim, field string
	matched, of  int  // users that have a document
	several      bool // a user has several documents
	number       bool // the claim is a number
	found, use   bsonjson.UserIDType
	indexed      bool
}

// matchField returns the claims whose values are in a field.
func matchField(ctx context.Context, x *mongodoc.Explorer, collection string, field bsonjson.FieldUse, claims []idClaim) (pairs []idPair, err error) {
	var users []enrich.User
	claims = slices.DeleteFunc(slices.Clone(claims), func(c idClaim) bool {
		return nameRank(c.path) > len(idNames) && fieldRank(field.Path) > len(idNames) // such as city = city
	})
	for _, c := range claims {
		for _, user := range c.users {
			if !slices.Contains(users, user) && len(users) < 64 {
				users = append(users, user)
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	matches, err := x.Match(ctx, collection, field.Path, users)
	if err != nil || len(matches) == 0 {
		return nil, err
	}
	indexed, _ := x.Indexed(ctx, collection, field.Path)
	for _, c := range claims {
		if pair, ok := pairOf(c, field.Path, matches); ok {
			pair.indexed = indexed
			pairs = append(pairs, pair)
		}
	}
	return pairs, nil
}

// pairOf returns the pair of a claim and a field, if a value of the claim is in it.
func pairOf(c idClaim, field string, matches []mongodoc.FieldMatch) (idPair, bool) {
	pair := idPair{claim: c.path, field: field, of: len(c.users), number: c.users[0].Number}
	for _, user := range c.users {
		documents := 0
		for _, m := range matches {
			if m.User == user {
				documents++
				pair.found, pair.use = m.Found, m.Use
			}
		}
		if documents > 0 {
			pair.matched++
		}
		pair.several = pair.several || documents > 1
	}
	return pair, pair.matched > 0
}

// choose takes the best pair, and notes the others.
func (u *Users) choose(ctx context.Context, x *mongodoc.Explorer, pairs []idPair, claims []idClaim, uses []bsonjson.FieldUse) {
	if len(pairs) == 0 {
		u.noMatch(claims, uses)
		return
	}
	slices.SortStableFunc(pairs, comparePairs)
	best := pairs[0]
	u.Claim, u.Field, u.BSON, u.Indexed, u.Tokens, u.Matched = best.claim, best.field, string(best.found), best.indexed, best.of, best.matched
	if best.use != bsonjson.AutoID {
		u.Type = string(best.use)
	}
	u.Fields = slices.DeleteFunc(u.Fields, func(name string) bool { return name == best.field })
	if best.several {
		u.note("Several documents have the same value in %s. The first one is used", best.field)
	}
	if !best.indexed {
		u.note("There is no index on %s, so each lookup reads the whole collection. Create one: db.getCollection(%q).createIndex({%q: 1})", best.field, u.Collection, best.field)
	}
	u.noteTypes(best, uses)
	var others []string
	for _, p := range pairs[1:] {
		if p.claim != best.claim || p.field != best.field {
			others = append(others, p.claim+" = "+p.field)
		}
	}
	if len(others) > 0 {
		u.note("These match as well (claim = field): %s", listed(others))
	}
}

// noteTypes notes that documents have the id with types of which a lookup finds only one.
func (u *Users) noteTypes(best idPair, uses []bsonjson.FieldUse) {
	i := slices.IndexFunc(uses, func(use bsonjson.FieldUse) bool { return use.Path == best.field })
	if i < 0 || best.use == bsonjson.AutoID && !best.number {
		return // auto tries all types for a text
	}
	var types []string
	for _, name := range slices.Sorted(maps.Keys(uses[i].Types)) {
		if name != "" {
			types = append(types, fmt.Sprintf("%s (%d)", name, uses[i].Types[name]))
		}
	}
	if len(types) > 1 {
		u.note("In the documents that were read, %s has several types: %s. The claim %s finds only those with the type %s. Give %s the same type in all documents", best.field, listed(types), best.claim, best.found, best.field)
	}
}

// comparePairs puts the better pair first: more users, one document each, the usual claim,
// an index, the usual field.
func comparePairs(a, b idPair) int {
	return cmp.Or(
		cmp.Compare(b.matched*a.of, a.matched*b.of),
		compareBool(a.several, b.several),
		cmp.Compare(nameRank(a.claim), nameRank(b.claim)),
		compareBool(b.indexed, a.indexed),
		cmp.Compare(fieldRank(a.field), fieldRank(b.field)),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// noMatch notes what is known if no document has an id of the tokens.
func (u *Users) noMatch(claims []idClaim, uses []bsonjson.FieldUse) {
	var fields, names []string
	for _, use := range idFields(uses) {
		fields = append(fields, use.Path+" ("+strings.Join(slices.Sorted(maps.Keys(use.Types)), ", ")+")")
	}
	for _, c := range claims {
		if nameRank(c.path) <= len(idNames) {
			names = append(names, c.path+" ("+shapeOf(c.users[0])+")")
		}
	}
	u.note("No document of %s has a value of the tokens' claims %s in one of the fields %s. Log in as a user who has a document, or name claim and field yourself", u.Collection, listed(names), listed(fields))
}

// shapeOf says what a value looks like, without the value.
func shapeOf(user enrich.User) string {
	switch ids := bsonjson.AnyType(user); {
	case user.Number:
		return "a number"
	case slices.ContainsFunc(ids, func(id bsonjson.UserID) bool { return id.Type() == bsonjson.ObjectID }):
		return "the digits of an ObjectId"
	case slices.ContainsFunc(ids, func(id bsonjson.UserID) bool { return id.Type() == bsonjson.UUID }):
		return "a UUID"
	case slices.ContainsFunc(ids, func(id bsonjson.UserID) bool { return id.Type() == bsonjson.IntID }):
		return "digits in a string"
	}
	return "a string"
}
