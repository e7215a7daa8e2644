package bsonjson

import (
	"encoding/hex"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A Change is the part of a change stream event that is about one document.
type Change struct {
	// Tags are the ID of the document and the user ids in the event, in the form
	// that [enrich.Invalidator] takes.
	Tags []string
	// Document is the query for the document, as BSON. It aliases the event.
	Document []byte
	// UserIDChanged means that the user-id field may have changed. The event does
	// not contain its new value.
	UserIDChanged bool
}

// Change parses a change stream event that [Mapping.Pipeline] produced. It returns
// false if the event cannot be parsed or is about more than one document, such as a
// drop of the collection. Then any document may have changed.
func (f Field) Change(event []byte) (c Change, ok bool) {
	var operation string
	var document []byte
	for m, err := range members(event) {
		if err != nil {
			return Change{}, false
		}
		switch string(m.name) {
		case "operationType":
			operation, _ = m.value.StringValueOK()
		case "documentKey":
			c.Document = m.value.Value
		case "fullDocument":
			document = m.value.Value
		case userIDChangedName:
			c.UserIDChanged, _ = m.value.BooleanOK()
		}
	}
	id := documentID(c.Document)
	if id == "" || !slices.Contains([]string{"insert", "update", "replace", "delete"}, operation) {
		return Change{}, false
	}
	c.Tags = append(f.Tags(document), id)
	c.UserIDChanged = c.UserIDChanged && operation == "update"
	return c, true
}

// DocumentTags returns the tags of a document, as in [Change]: its ID and its user ids.
func (f Field) DocumentTags(doc []byte) []string {
	tags := f.Tags(doc)
	if id := documentID(doc); id != "" {
		tags = append(tags, id)
	}
	return tags
}

// Tags returns every user id in the document's field as text, in the form of
// [enrich.User.ID].
func (f Field) Tags(doc []byte) []string {
	var tags []string
	for _, id := range appendIDs(nil, doc, f.names) { // of every issuer
		tags = append(tags, id.tag())
	}
	return tags
}

func (id UserID) tag() string {
	switch id.typ {
	case bson.TypeObjectID:
		return hex.EncodeToString([]byte(id.text))
	case bson.TypeBinary:
		return uuidText([]byte(id.text))
	}
	return id.text
}
