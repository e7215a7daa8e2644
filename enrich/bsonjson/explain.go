package bsonjson

import (
	"encoding/json"
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
)

// An Explanation says which document belongs to a user, and what becomes of it in a
// token. The zero Explanation is that of a user without a document.
type Explanation struct {
	// Documents is how many documents belong to the user, at most [MostExplained]. The
	// first one counts: see [Mapping.Candidates].
	Documents int
	// By is the type of the id in the first document.
	By UserIDType
	// Others are the types of the ids in the other documents, each once.
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
	Path  string // names joined with dots
	Type  string // the name of its BSON type
	Bytes int    // of the name, the colon, the value and a comma, as JSON
	Value json.RawMessage
}

// A LeftOut is a part of a document that does not reach the token. Its Value is nil.
type LeftOut struct {
	FieldSize
	Why string // the setting
}

// Explain explains a document of a user, the whole one and not what
// [Mapping.FindProjection] fetches. The caller counts the documents.
func (m Mapping) Explain(u enrich.User, doc []byte) Explanation {
	e := Explanation{Documents: 1}
	e.By, _ = m.MatchedType(u, doc)
	if e.Document, e.Err = m.Document(doc); e.Err != nil {
		return e
	}
	for _, step := range m.steps() {
		rest, err := step.apply(doc)
		if err != nil {
			e.Err = err
			return e
		}
		for _, field := range m.missingIn(doc, rest, "", 1) {
			e.LeftOut = append(e.LeftOut, LeftOut{field, step.setting})
		}
		doc = rest
	}
	e.Kept = m.sizes(doc)
	return e
}

// A step is something that leaves out parts of a document.
type step struct {
	setting string
	apply   func(doc []byte) ([]byte, error)
}

// steps returns the steps of [Mapping.Document], in order.
func (m Mapping) steps() []step {
	setting := "claim.exclude"
	if len(m.projector.include) > 0 {
		setting = "claim.include"
	}
	return []step{{setting, m.projector.apply}}
}

// Count counts the documents of the user. docs are all of them, in any order, at most
// [MostExplained], and have at least the user-id field.
func (e *Explanation) Count(m Mapping, u enrich.User, docs [][]byte) {
	e.Documents = max(1, len(docs))
	first := false // the first document itself
	for _, doc := range docs {
		typ, ok := m.MatchedType(u, doc)
		switch {
		case ok && typ == e.By && !first:
			first = true
		case ok && !slices.Contains(e.Others, typ):
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

// sizes returns the members of a document.
func (m Mapping) sizes(doc []byte) (sizes []FieldSize) {
	for member, err := range members(doc) {
		if err != nil {
			return sizes
		}
		sizes = append(sizes, m.size(member, member.name))
	}
	return sizes
}

func (m Mapping) size(of member, path string) FieldSize {
	w := writer{format: m.format}
	if err := w.value(of.value, 1); err != nil {
		w.out = nil
	}
	return FieldSize{Path: path, Type: of.value.Type.String(), Bytes: len(strconv.Quote(of.name)) + len(":,") + len(w.out), Value: w.out}
}

// missingIn returns the parts of an object that another one, made from it, does not have.
func (m Mapping) missingIn(doc, rest []byte, prefix string, depth int) (missing []FieldSize) {
	kept := map[string]bson.RawValue{}
	for member, err := range members(rest) {
		if err == nil {
			kept[member.name] = member.value
		}
	}
	for member, err := range members(doc) {
		if err != nil || depth > maxDepth {
			return missing
		}
		path := prefix + member.name
		value, ok := kept[member.name]
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

func (m Mapping) left(of member, path string) FieldSize {
	size := m.size(of, path)
	size.Value = nil
	return size
}

// partOf returns what an array does not have of another one, as one part.
func (m Mapping) partOf(of member, rest bson.RawValue, path string) FieldSize {
	part := m.left(of, path+" (parts of its elements)")
	part.Bytes -= m.size(member{of.name, rest}, path).Bytes
	return part
}
