package bsonjson

import (
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/credentials"
)

// SampleSize and SampleBytes bound the documents that a source reads for a [Sample].
const (
	SampleSize  = 200
	SampleBytes = 16 << 20
)

// maxSampled and maxExamples limit what a [Sample] has.
const (
	maxSampled  = 100
	maxExamples = 5
	maxExample  = 64 // bytes
)

// A Sample says what some documents have, so that a person can choose what of them tokens
// get. Its only values are the examples of ids.
type Sample struct {
	Documents int
	// Sizes are those of the documents as JSON, in bytes, without those that cannot be
	// written as JSON.
	Sizes []int
	// Fields are in the order in which they occur first, at most 100. The members of an
	// object are listed instead of it if the projection names one of them. Names that look
	// like an id of a user are missing.
	Fields []SampledField
	// IDs has the ids by their type, with the names of [Field.CountTypes].
	IDs map[string]*SampledIDs
}

// A SampledField is a field of some documents.
type SampledField struct {
	Path  string   // names joined with dots, as in a [Projection]
	Types []string // the names of its BSON types
	// Sizes has one element for each document with the field: the bytes of its name and
	// value as JSON, as in [FieldSize].
	Sizes []int
	// Credential says that it looks like a credential in some document.
	Credential bool
	// Included says that the mapping keeps it, in at least one document.
	Included bool
}

// SampledIDs are ids of one type.
type SampledIDs struct {
	Documents int
	// Examples are at most five ids as text, each cut after 64 bytes. They are of users, so
	// not everyone may see them.
	Examples []string
}

// Sample describes whole documents, and not what [Mapping.FindProjection] fetches.
func (m Mapping) Sample(docs [][]byte) Sample {
	s := sampler{mapping: m, whole: m, at: map[string]int{}}
	s.whole.projector = projector{guard: credentials.New(credentials.Warn, nil)}
	s.sample = Sample{Documents: len(docs), IDs: map[string]*SampledIDs{}}
	for _, doc := range docs {
		s.addID(doc)
		s.add(doc)
	}
	return s.sample
}

// A sampler makes a sample.
type sampler struct {
	mapping Mapping
	whole   Mapping // keeps everything, and finds every credential
	sample  Sample
	at      map[string]int // the index of a path in sample.Fields
}

func (s *sampler) addID(doc []byte) {
	typ := s.mapping.field.typeIn(doc)
	ids := s.sample.IDs[typ]
	if ids == nil {
		ids = &SampledIDs{}
		s.sample.IDs[typ] = ids
	}
	ids.Documents++
	if has := s.mapping.field.UserIDs(doc); len(has) > 0 && len(ids.Examples) < maxExamples {
		ids.Examples = append(ids.Examples, has[0].example())
	}
}

// example returns the id as a person writes it, and not more than a few words of a long one.
func (id UserID) example() string {
	text := id.text
	switch id.typ {
	case bson.TypeObjectID:
		text = bson.ObjectID([]byte(id.text)).Hex()
	case bson.TypeBinary:
		text = uuidText([]byte(id.text))
	}
	if len(text) > maxExample {
		text = strings.ToValidUTF8(text[:maxExample], "") + "…"
	}
	return text
}

// add adds the fields of a document.
func (s *sampler) add(doc []byte) {
	whole, err := s.whole.Document(doc)
	if err != nil {
		return // it is in no token either
	}
	s.sample.Sizes = append(s.sample.Sizes, len(whole.JSON))
	kept := keptPaths{}
	if rest, err := s.mapping.projector.apply(doc); err == nil {
		kept.doc = rest
	}
	if document, err := s.mapping.Document(doc); err == nil {
		kept.dropped = document.Credentials
	}
	s.addMembers(doc, "", 1)
	for _, credential := range whole.Credentials {
		if i, known := s.at[credential.Path]; known {
			s.sample.Fields[i].Credential = true
		}
	}
	for i := range s.sample.Fields {
		f := &s.sample.Fields[i]
		f.Included = f.Included || kept.has(f.Path)
	}
}

// keptPaths is what a token gets of a document.
type keptPaths struct {
	doc     []byte // without what the projection leaves out
	dropped []enrich.Credential
}

func (k keptPaths) has(path string) bool {
	v := bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: k.doc}
	for name := range strings.SplitSeq(path, ".") {
		if v.Type != bson.TypeEmbeddedDocument {
			return false
		}
		v = memberOf(v.Value, name)
	}
	return v.Type != 0 && !slices.Contains(k.dropped, enrich.Credential{Path: path, Dropped: true})
}

// addMembers adds the members of an object whose path starts with a prefix.
func (s *sampler) addMembers(object []byte, prefix string, depth int) {
	for m, err := range members(object) {
		name := string(m.name)
		if err != nil || name == "" || strings.ContainsAny(name, ".$") || credentials.Shown(name) != name {
			continue
		}
		path := prefix + name
		if m.value.Type == bson.TypeEmbeddedDocument && depth < maxDepth && s.mapping.projector.namesIn(path) {
			s.addMembers(m.value.Value, path+".", depth+1)
			continue
		}
		s.addField(m, path)
	}
}

func (s *sampler) addField(m member, path string) {
	i, known := s.at[path]
	if !known {
		if len(s.sample.Fields) == maxSampled {
			return
		}
		i = len(s.sample.Fields)
		s.at[path] = i
		s.sample.Fields = append(s.sample.Fields, SampledField{Path: path})
	}
	f := &s.sample.Fields[i]
	size := s.mapping.left(m, path)
	f.Sizes = append(f.Sizes, size.Bytes)
	if !slices.Contains(f.Types, size.Type) {
		f.Types = append(f.Types, size.Type)
	}
}

// namesIn reports whether the projection names a path within the object at a path.
func (p projector) namesIn(path string) bool {
	within := func(tree paths) bool {
		for name := range strings.SplitSeq(path, ".") {
			if tree = tree[name]; len(tree) == 0 {
				return false
			}
		}
		return true
	}
	return within(p.include) || within(p.exclude)
}
