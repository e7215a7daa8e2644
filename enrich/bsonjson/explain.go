package bsonjson

import (
	"encoding/json"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// An Explanation says which document belongs to a user, and what becomes of it in a
// token. The zero Explanation is that of a user without a document.
type Explanation struct {
	// Documents is how many documents belong to the user, at most [MostExplained]. The
	// first one counts: see [Mapping.Candidates].
	Documents int
	// By is the type of the id in the first document.
	By UserIDType
	// Others are other types that the ids in the other documents have.
	Others []UserIDType
	// Document is what a token gets. Its JSON is nil if Err is set.
	Document enrich.Document
	// Err says why the document cannot be written as a claim.
	Err error
	// Kept are the members of the document in the token, in its order.
	Kept []FieldSize
	// LeftOut are the parts of the document that do not reach the token.
	LeftOut []LeftOut
}

// MostExplained is how many documents of one user are counted.
const MostExplained = 100

// A FieldSize is a member of a document.
type FieldSize struct {
	Path string // names joined with dots
	Type string // the name of its BSON type
	// Bytes are those of the name, the colon, the value and a comma, as JSON. They are 0 if
	// they are not known.
	Bytes int
	Value json.RawMessage // nil for a part that is left out
}

// A LeftOut is a part of a document that does not reach the token.
type LeftOut struct {
	FieldSize
	Why string // the setting
}

// Explain explains a document of a user, the whole one and not what
// [Mapping.FindProjection] fetches. [Explanation.Count] counts the documents.
func (m Mapping) Explain(u enrich.User, doc []byte) Explanation {
	e := Explanation{Documents: 1}
	e.By, _ = m.MatchedType(u, doc)
	projected, err := m.projector.apply(doc)
	if err != nil {
		e.Err = err
		return e
	}
	setting := "claim.exclude"
	if len(m.projector.include) > 0 {
		setting = "claim.include"
	}
	for _, field := range m.missingIn(doc, projected, "", 1) {
		e.LeftOut = append(e.LeftOut, LeftOut{field, setting})
	}
	if e.Document, e.Err = m.Document(doc); e.Err != nil {
		return e
	}
	for _, credential := range e.Document.Credentials {
		if credential.Dropped {
			e.LeftOut = append(e.LeftOut, LeftOut{m.sizeAt(projected, credential.Path), "claim.credentials"})
		}
	}
	e.Kept, e.Err = keptOf(e.Document.JSON, projected)
	return e
}

// keptOf returns the members of a document in a token. The types are those of the BSON
// document that it was made from.
func keptOf(text []byte, doc []byte) (kept []FieldSize, err error) {
	object, err := jsonedit.Parse(text)
	if err != nil {
		return nil, err
	}
	for name, value := range object.Members() {
		kept = append(kept, FieldSize{Path: name, Type: memberOf(doc, name).Type.String(), Bytes: sizeAsJSON(name, value), Value: value})
	}
	return kept, nil
}

// sizeAsJSON returns the bytes of a member: of the name, the colon, the value and a comma.
func sizeAsJSON(name string, value []byte) int {
	return len(jsonedit.Quote(name)) + len(":,") + len(value)
}

// sizeAt returns the size of the value at a path, with names joined with dots. It is 0 if
// the path leads into an array, or is not exact.
func (m Mapping) sizeAt(doc []byte, path string) FieldSize {
	v := bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: doc}
	names := strings.Split(path, ".")
	for _, name := range names {
		if v.Type != bson.TypeEmbeddedDocument {
			return FieldSize{Path: path}
		}
		v = memberOf(v.Value, name)
	}
	if v.Type == 0 {
		return FieldSize{Path: path}
	}
	return m.left(member{[]byte(names[len(names)-1]), v}, path)
}

// Count counts the documents of the user. docs are all of them, in any order, at most
// [MostExplained], and have at least the user-id field.
func (e *Explanation) Count(m Mapping, u enrich.User, docs [][]byte) {
	e.Documents = max(1, len(docs))
	for _, doc := range docs {
		if typ, ok := m.MatchedType(u, doc); ok && typ != e.By && !slices.Contains(e.Others, typ) {
			e.Others = append(e.Others, typ)
		}
	}
}

// MatchedType returns the type of the first of a user's ids ([Mapping.Candidates]) that a
// document has. It returns false if the document is not the user's.
func (m Mapping) MatchedType(u enrich.User, doc []byte) (UserIDType, bool) {
	has := m.field.UserIDs(doc)
	for _, id := range m.Candidates(u) {
		if slices.Contains(has, id) {
			return id.idType(), true
		}
	}
	return "", false
}

// missingIn returns the parts of an object that another one, made from it, does not have.
func (m Mapping) missingIn(doc, rest []byte, prefix string, depth int) (missing []FieldSize) {
	kept := map[string]bson.RawValue{}
	for member, err := range members(rest) {
		if err == nil {
			kept[string(member.name)] = member.value
		}
	}
	for member, err := range members(doc) {
		if err != nil || depth > maxDepth {
			return missing
		}
		path := prefix + string(member.name)
		value, ok := kept[string(member.name)]
		switch {
		case !ok:
			missing = append(missing, m.left(member, path))
		case value.Equal(member.value):
		case member.value.Type == bson.TypeEmbeddedDocument && value.Type == bson.TypeEmbeddedDocument:
			missing = append(missing, m.missingIn(member.value.Value, value.Value, path+".", depth+1)...)
		default: // an array
			missing = append(missing, m.partOf(member, value, path))
		}
	}
	return missing
}

// left returns the size of a member that is left out, in the format of the mapping.
func (m Mapping) left(of member, path string) FieldSize {
	w := writer{format: m.format}
	if err := w.value(of.value, 1); err != nil {
		w.out = nil // it could not be in a token
	}
	return FieldSize{Path: path, Type: of.value.Type.String(), Bytes: sizeAsJSON(string(of.name), w.out)}
}

// partOf returns what an array does not have of another one, as one part.
func (m Mapping) partOf(of member, rest bson.RawValue, path string) FieldSize {
	part := m.left(of, path+" (parts of its elements)")
	part.Bytes -= m.left(member{of.name, rest}, path).Bytes
	return part
}
