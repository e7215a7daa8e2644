package wiretest

import (
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// parse parses MongoDB Extended JSON. It panics if the test passes anything else.
func parse(object string) (doc bson.D) {
	if err := bson.UnmarshalExtJSON([]byte(object), false, &doc); err != nil {
		panic(fmt.Sprintf("wiretest: %s: %v", object, err))
	}
	return doc
}

// Insert adds a document. All methods take documents in MongoDB Extended JSON.
func (s *Server) Insert(document string) {
	doc := parse(document)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.docs = append(s.docs, doc)
	s.emit("insert", doc, bson.E{Key: "fullDocument", Value: doc})
}

// GenerateDocuments adds generated documents to the collection: for each _id that is a
// string, the document that the function returns, or none if that is empty. So a test
// can have more documents than fit in memory. They never change, and only a query for
// _id finds them.
func (s *Server) GenerateDocuments(document func(id string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generate = document
}

// IgnoreCase gives the collection a collation that ignores letter case. As in MongoDB, a
// query with another collation does not use it.
func (s *Server) IgnoreCase() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.anyCase = true
}

// Update sets fields of the document with this _id. Their names may be dotted.
func (s *Server) Update(id, set string) { s.update(id, set, true) }

// UpdateAtOneMember is like Update, but the update has not reached the other members
// yet, so no change stream shows it.
func (s *Server) UpdateAtOneMember(id, set string) { s.update(id, set, false) }

func (s *Server) update(id, set string, committed bool) {
	changed := parse(set)
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(id)
	for _, field := range changed {
		s.docs[i] = put(s.docs[i], strings.Split(field.Key, "."), field.Value)
	}
	if committed {
		s.emit("update", s.docs[i], bson.E{Key: "updateDescription", Value: bson.D{
			{Key: "updatedFields", Value: changed}, {Key: "removedFields", Value: bson.A{}}, {Key: "truncatedArrays", Value: bson.A{}},
		}})
	}
}

// Unset removes a top-level field of the document with this _id.
func (s *Server) Unset(id, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(id)
	s.docs[i] = slices.DeleteFunc(slices.Clone(s.docs[i]), func(e bson.E) bool { return e.Key == name })
	s.emit("update", s.docs[i], bson.E{Key: "updateDescription", Value: bson.D{
		{Key: "updatedFields", Value: bson.D{}}, {Key: "removedFields", Value: bson.A{name}},
	}})
}

// Replace replaces the document with the same _id.
func (s *Server) Replace(document string) {
	doc := parse(document)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.docs[s.indexOf(get(doc, "_id"))] = doc
	s.emit("replace", doc, bson.E{Key: "fullDocument", Value: doc})
}

// Delete removes the document with this _id.
func (s *Server) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(id)
	doc := s.docs[i]
	s.docs = slices.Delete(slices.Clone(s.docs), i, i+1)
	s.emit("delete", doc)
}

// Drop drops the collection, which ends its change streams.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.docs = nil
	s.emit("drop", nil)
	s.emit("invalidate", nil)
}

// index returns the index of the document with this _id, a JSON value.
func (s *Server) index(id string) int {
	return s.indexOf(parse(`{"_id":` + id + `}`)[0].Value)
}

func (s *Server) indexOf(id any) int {
	i := slices.IndexFunc(s.docs, func(doc bson.D) bool { return number(get(doc, "_id")) == number(id) })
	if i < 0 {
		panic(fmt.Sprintf("wiretest: no document %v", id))
	}
	return i
}

// put returns a copy of doc with the value at the path.
func put(doc bson.D, path []string, value any) bson.D {
	doc = slices.Clone(doc)
	i := slices.IndexFunc(doc, func(e bson.E) bool { return e.Key == path[0] })
	if i < 0 {
		doc = append(doc, bson.E{Key: path[0]})
		i = len(doc) - 1
	}
	if len(path) > 1 {
		below, _ := doc[i].Value.(bson.D)
		value = put(below, path[1:], value)
	}
	doc[i].Value = value
	return doc
}
