package bsonjson

import (
	"fmt"

	"github.com/tokengraft/tokengraft/enrich"
)

// A Mapping says which documents belong to a user, and what JSON a document
// becomes. [NewMapping] makes it; a source keeps it and uses it for every lookup.
type Mapping struct {
	field     Field
	idType    UserIDType
	format    Format
	projector projector
}

// NewMapping makes the mapping from the options that every source has: the path
// of the user-id field, the type of the ids in it, the format of the JSON, and
// what of a document reaches the token. Only the field is required: the zero
// values mean [AutoID], [Plain] and the whole document. The error starts with the
// name of the option that is wrong.
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

// Candidates returns what a document may have in the user-id field if it is the
// user's, in order of preference: the first that any document has wins. It is
// empty for a user who can have no document.
//
// [AutoID] keeps numbers and strings apart. The other types say what the
// documents have, so only the text of the claim counts, and the string "5" and
// the number 5 are one user. A number must have its canonical digits, or 7 and
// 007 would be two users of one document. A number beyond 64 bits matches
// nothing.
func (m Mapping) Candidates(u enrich.User) []UserID { return candidates(u, m.idType) }

// Document projects and renders the BSON of a document. ReadAt is left to the
// source. An error is about this one document and wraps [enrich.ErrUndecodable].
func (m Mapping) Document(doc []byte) (enrich.Document, error) {
	projected, err := m.projector.apply(doc)
	if err != nil {
		return enrich.Document{}, err
	}
	json, err := render(projected, m.format)
	if err != nil {
		return enrich.Document{}, err
	}
	return enrich.Document{JSON: json, ID: documentID(doc)}, nil
}
