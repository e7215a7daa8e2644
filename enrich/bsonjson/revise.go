package bsonjson

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/internal/jsonvalue"
)

// Why an [Edit] cannot be written.
var (
	ErrHidden     = errors.New("it is hidden, or a part of it is")
	ErrCredential = errors.New("it looks like a credential")
	ErrMemberName = errors.New("it has a name that is empty, starts with $, contains a dot or is __proto__")
	ErrExtended   = errors.New("it is not valid Extended JSON, or a number has more digits than MongoDB keeps")
)

// An Edit is a path of a document whose value a revision changes.
type Edit struct {
	// Path is the names joined with dots, without the indices of arrays.
	Path string
	// Inside are the paths of all fields in the old and in the new value.
	Inside []string
	// Fault says why the value cannot be written, and is nil if it can.
	Fault error
}

// Revise makes the document whose JSON is wanted from one whose JSON is shown: the JSON
// that [Mapping.Document] made of doc. Both must be objects. A value that is equal in both
// stays as it is in BSON, in items of arrays too; others are read as Extended JSON. Fields that
// the JSON does not show stay.
//
// A path can have several edits. If one of them has a Fault, do not use the result.
// The error wraps [enrich.ErrUndecodable].
func (m Mapping) Revise(doc []byte, shown, wanted jsonvalue.Value) (revised []byte, edits []Edit, err error) {
	r := reviser{mapping: m}
	value, err := r.object("", doc, shown, wanted)
	if err != nil {
		return nil, nil, err
	}
	return value.Value, r.edits, nil
}

// A reviser collects edits.
type reviser struct {
	mapping Mapping
	edits   []Edit
}

func (r *reviser) add(path string, inside []string, fault error) {
	r.edits = append(r.edits, Edit{path, inside, fault})
}

func joined(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (r *reviser) object(path string, doc []byte, shown, wanted jsonvalue.Value) (bson.RawValue, error) {
	old, err := objectOf(doc)
	if err != nil {
		return bson.RawValue{}, err
	}
	fields := make(bson.D, 0, len(old.names))
	for _, name := range old.names {
		at, value := joined(path, name), old.values[name]
		was, visible := shown.Member(name)
		now, kept := wanted.Member(name)
		switch {
		case !visible && kept:
			r.add(at, nil, ErrHidden)
		case visible && !kept:
			r.replaced(at, value, was)
			continue
		case visible:
			if value, err = r.value(at, value, was, now); err != nil {
				return bson.RawValue{}, err
			}
		}
		fields = append(fields, bson.E{Key: name, Value: value})
	}
	for _, m := range wanted.Members() {
		if _, had := old.values[m.Name]; !had {
			value, err := r.added(joined(path, m.Name), m)
			if err != nil {
				return bson.RawValue{}, err
			}
			if isGoodName(m.Name) { // BSON cannot have a name with a zero byte
				fields = append(fields, bson.E{Key: m.Name, Value: value})
			}
		}
	}
	return rawValue(fields)
}

// added returns the BSON of a new field. The fields of an object are edits of their own, so
// that a user who may write only some of them can add it.
func (r *reviser) added(path string, m jsonvalue.Member) (bson.RawValue, error) {
	inner := m.Value.Members()
	switch {
	case !isGoodName(m.Name):
		return r.fresh(path, m.Value, ErrMemberName), nil
	case len(inner) > 0 && !strings.HasPrefix(inner[0].Name, "$"):
		return r.object(path, emptyDocument, jsonvalue.Value{}, m.Value)
	}
	return r.fresh(path, m.Value, nil), nil
}

var emptyDocument = []byte{5, 0, 0, 0, 0}

// value returns what a value becomes that shown is the JSON of.
func (r *reviser) value(path string, old bson.RawValue, shown, wanted jsonvalue.Value) (bson.RawValue, error) {
	switch {
	case jsonvalue.Equal(shown, wanted):
		return old, nil
	case old.Type == bson.TypeEmbeddedDocument && shown.Kind() == jsonvalue.Object && wanted.Kind() == jsonvalue.Object:
		return r.object(path, old.Value, shown, wanted)
	case old.Type == bson.TypeArray && shown.Kind() == jsonvalue.Array && wanted.Kind() == jsonvalue.Array && isWhollyShown(r.mapping, old, shown):
		return r.array(path, old, shown, wanted)
	}
	r.replaced(path, old, shown)
	return r.fresh(path, wanted, nil), nil
}

// array keeps the values of items that are still there, at any index. If the number of
// items or their places change, the array itself is edited.
func (r *reviser) array(path string, old bson.RawValue, shown, wanted jsonvalue.Value) (bson.RawValue, error) {
	var olds []bson.RawValue
	for m := range members(old.Value) {
		olds = append(olds, m.value)
	}
	was, now := shown.Items(), wanted.Items()
	before := places(was, now)
	items := make(bson.A, len(now))
	whole := len(was) != len(now)
	var fault error
	for i, item := range now {
		switch at := before[i]; {
		case at >= 0:
			items[i], whole = olds[at], whole || at != i
		case i < len(was) && len(was) == len(now) && olds[i].Type == bson.TypeEmbeddedDocument && item.Kind() == jsonvalue.Object:
			value, err := r.object(path, olds[i].Value, was[i], item)
			if err != nil {
				return bson.RawValue{}, err
			}
			items[i] = value
		default:
			raw, err := newValue(item)
			items[i], whole, fault = raw, true, cmp.Or(fault, err)
		}
	}
	value, err := rawValue(items)
	if whole && err == nil { // one edit, because there may be many items
		fault = cmp.Or(fault, r.mapping.checkShown(path, value))
		r.add(path, append(namesIn(path, old), namesIn(path, value)...), fault)
	}
	return value, err
}

// replaced adds the edit of a value that is replaced or removed.
func (r *reviser) replaced(path string, old bson.RawValue, shown jsonvalue.Value) {
	var fault error
	if !isWhollyShown(r.mapping, old, shown) {
		fault = ErrHidden
	}
	r.add(path, namesIn(path, old), fault)
}

// fresh returns the BSON of a new value, and adds its edit, with a fault of its name if
// there is one.
func (r *reviser) fresh(path string, value jsonvalue.Value, fault error) bson.RawValue {
	raw, err := newValue(value)
	if fault = cmp.Or(fault, err); fault == nil {
		fault = r.mapping.checkShown(path, raw)
	}
	r.add(path, namesIn(path, raw), fault)
	return raw
}

// newValue returns the BSON of a new value, and why it cannot be written.
func newValue(value jsonvalue.Value) (bson.RawValue, error) {
	raw, err := parseValue(value)
	if err != nil {
		return raw, err
	}
	return raw, checkNames(raw)
}

// isWhollyShown reports whether the JSON of a value has everything that is in the value.
func isWhollyShown(m Mapping, value bson.RawValue, shown jsonvalue.Value) bool {
	w := writer{format: m.format}
	if err := w.value(value, 1); err != nil {
		return false
	}
	whole, err := jsonvalue.Parse(w.out)
	return err == nil && jsonvalue.Equal(whole, shown)
}

// checkShown returns an error if a new value at a path would not be shown completely.
func (m Mapping) checkShown(path string, value bson.RawValue) error {
	names := strings.Split(path, ".")
	for _, name := range slices.Backward(names) {
		wrapped, err := rawValue(bson.D{{Key: name, Value: value}})
		if err != nil {
			return ErrExtended
		}
		value = wrapped
	}
	projected, err := m.projector.apply(value.Value)
	if err != nil || !bytes.Equal(projected, value.Value) {
		return ErrHidden
	}
	text, err := render(projected, m.format)
	if err != nil {
		return ErrExtended
	}
	if kept, _, err := m.projector.guard.Apply(text); err != nil || !bytes.Equal(kept, text) {
		return ErrCredential
	}
	return nil
}
