package data

import (
	"slices"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// An ordering is a sort order. The zero ordering keeps the order.
type ordering struct {
	source bsonvalue.Value // what MongoDB gets; missing if there is no order
	keys   []sortKey
}

type sortKey struct {
	path       path
	descending bool
}

func parseSort(v bsonvalue.Value) (ordering, error) {
	if v.IsMissing() || v.Kind() == bsonvalue.IsNull || v.Kind() == bsonvalue.Document && v.Len() == 0 {
		return ordering{}, nil
	}
	if v.Kind() != bsonvalue.Document || v.Len() > maxSortKeys {
		return ordering{}, invalid("a sort order must be a document of at most %d fields", maxSortKeys)
	}
	o := ordering{source: v}
	for name, direction := range v.Members() {
		p, err := parsePath(name)
		if err != nil {
			return ordering{}, err
		}
		n, ok := direction.Whole()
		if !ok || n != 1 && n != -1 {
			return ordering{}, invalid("the direction of a sort must be 1 or -1")
		}
		o.keys = append(o.keys, sortKey{p, n < 0})
	}
	return o, nil
}

// paths returns the fields by which documents are sorted.
func (o ordering) paths() []path {
	paths := make([]path, len(o.keys))
	for i, key := range o.keys {
		paths[i] = key.path
	}
	return paths
}

// sortBy sorts items by their documents as MongoDB does, and keeps the order of equal ones.
func sortBy[T any](b *budget, o ordering, items []T, document func(T) bsonvalue.Value) {
	type row struct {
		item T
		keys []bsonvalue.Value
	}
	rows := make([]row, len(items))
	for i, item := range items {
		rows[i].item = item
		for _, key := range o.keys {
			rows[i].keys = append(rows[i].keys, key.of(b, document(item)))
		}
	}
	slices.SortStableFunc(rows, func(x, y row) int { return o.compare(b, x.keys, y.keys) })
	for i, row := range rows {
		items[i] = row.item
	}
}

// compare returns 0 if no steps are left.
func (o ordering) compare(b *budget, x, y []bsonvalue.Value) int {
	for i, key := range o.keys {
		if !b.take(bsonvalue.Work(x[i], y[i])) {
			return 0
		}
		order := bsonvalue.Order(x[i], y[i])
		switch {
		case order == 0:
		case key.descending:
			return -order
		default:
			return order
		}
	}
	return 0
}

// of returns the value by which a document is sorted. Of an array it is the least element,
// or the greatest if the order is descending, and null if it is empty.
func (k sortKey) of(b *budget, doc bsonvalue.Value) bsonvalue.Value {
	var best bsonvalue.Value
	consider := func(v bsonvalue.Value) {
		if !b.take(bsonvalue.Work(v, best)) {
			return
		}
		order := bsonvalue.Order(v, best)
		if best.IsMissing() || k.descending && order > 0 || !k.descending && order < 0 {
			best = v
		}
	}
	for _, v := range valuesAt(b, doc, k.path) {
		switch {
		case v.Kind() != bsonvalue.Array:
			consider(orNull(v))
		case v.Len() == 0:
			consider(bsonvalue.Null)
		}
		for item := range v.Items() {
			consider(item)
		}
	}
	return orNull(best)
}

func orNull(v bsonvalue.Value) bsonvalue.Value {
	if v.IsMissing() {
		return bsonvalue.Null
	}
	return v
}
