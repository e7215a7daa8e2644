package bsonjson

import (
	"fmt"

	"github.com/tokengraft/tokengraft/enrich"
)

// A Mapping says which document belongs to a user and how it is written as JSON.
// [NewMapping] makes it. It does not change and is safe for concurrent use.
type Mapping struct {
	field     Field
	idType    UserIDType
	format    Format
	projector projector
}

// NewMapping makes a mapping from the options that every source has: the path of
// the user-id field, the type of the ids in it, the format of the JSON, and the
// parts of a document that reach the token. Only the field is required. The zero
// values of the others mean [AutoID], [Plain] and the whole document. The error
// starts with the name of the wrong option.
func NewMapping(field string, idType UserIDType, format Format, projection Projection) (Mapping, error) {
	f, err := newField(field)
	if err != nil {
		return Mapping{}, err
	}
	if err := idType.validate(); err != nil {
		return Mapping{}, err
	}
	if err := format.validate(); err != nil {
		return Mapping{}, err
	}
	p, err := newProjector(projection)
	if err != nil {
		return Mapping{}, fmt.Errorf("Projection: %w", err)
	}
	return Mapping{field: f, idType: idType, format: format, projector: p}, nil
}

// Field returns the user-id field.
func (m Mapping) Field() Field { return m.field }

// Candidates returns the ids that the user-id field of the user's document can
// contain, in order of preference. The user's document is the one with the first id
// that any document has. The result is empty if the user cannot have a document.
//
// With [AutoID] a number in the token never matches a string. The other types say what
// the documents contain, so only the text of the claim matters: the string "5" and the
// number 5 are the same user. A number must have its canonical digits; otherwise 7 and
// 007 would be two users with one document. A number of more than 64 bits matches
// nothing.
func (m Mapping) Candidates(u enrich.User) []UserID { return m.field.candidatesOf(u, m.idType) }

// Document projects a BSON document and renders it as JSON. Fields that look like
// credentials are treated as the projection says. The caller must set ReadAt. The error is
// about this document only and wraps [enrich.ErrUndecodable].
func (m Mapping) Document(doc []byte) (enrich.Document, error) {
	projected, err := m.projector.apply(doc)
	if err != nil {
		return enrich.Document{}, err
	}
	json, err := render(projected, m.format)
	if err != nil {
		return enrich.Document{}, err
	}
	kept, found, err := m.projector.guard.Apply(json)
	if err != nil {
		return enrich.Document{}, err
	}
	return enrich.Document{JSON: kept, ID: documentID(doc), Credentials: found}, nil
}
