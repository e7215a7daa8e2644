package enrich

import (
	"fmt"
	"slices"
	"strings"
)

// A Format is how a document's BSON values are written as JSON.
type Format string

// The formats. The table in the README says what becomes of each BSON type.
const (
	Plain       Format = "plain"        // what a JSON reader expects: ids and dates are strings
	Relaxed     Format = "relaxed"      // MongoDB Extended JSON v2, relaxed
	Canonical   Format = "canonical"    // MongoDB Extended JSON v2, canonical
	AppServices Format = "app-services" // as MongoDB Atlas App Services wrote custom user data
)

// UnmarshalText parses the word of the configuration file.
func (f *Format) UnmarshalText(text []byte) error {
	switch format := Format(text); format {
	case Plain, Relaxed, Canonical, AppServices:
		*f = format
		return nil
	}
	return fmt.Errorf("unknown format %q, want plain, relaxed, canonical or app-services", text)
}

// A UserIDType is the BSON type that a user id has in the documents.
type UserIDType string

// The types of user ids.
const (
	// AutoID matches a string first, then an ObjectId where the id could be
	// one. An id that is a JSON number matches numbers only.
	AutoID     UserIDType = "auto"
	StringID   UserIDType = "string"
	ObjectID   UserIDType = "objectId"
	IntID      UserIDType = "int"
	UUIDUserID UserIDType = "uuid"
)

// UnmarshalText parses the word of the configuration file.
func (t *UserIDType) UnmarshalText(text []byte) error {
	switch typ := UserIDType(text); typ {
	case AutoID, StringID, ObjectID, IntID, UUIDUserID:
		*t = typ
		return nil
	}
	return fmt.Errorf("unknown type of user id %q, want auto, string, objectId, int or uuid", text)
}

// A Projection is which paths of a document reach the token. Paths are exact,
// their elements joined with dots, as MongoDB writes them. The zero Projection
// is the whole document.
type Projection struct {
	// Include is the allow-list; empty allows everything.
	Include []string
	// Exclude is the deny-list.
	Exclude []string
}

// Validate reports what MongoDB would refuse or what could be read in two ways:
// an allow-list with a deny-list of anything but _id, empty path elements, and
// paths that lie within each other.
func (p Projection) Validate() error {
	if len(p.Include) > 0 {
		for _, path := range p.Exclude {
			if path != "_id" {
				return fmt.Errorf("include stands with an exclude of %q, only _id can be excluded from an include", path)
			}
		}
	}
	for _, paths := range [][]string{p.Include, p.Exclude} {
		for i, path := range paths {
			if slices.Contains(strings.Split(path, "."), "") || strings.HasPrefix(path, "$") {
				return fmt.Errorf("%q is no path of a document, want names joined with dots", path)
			}
			for _, other := range paths[:i] {
				if path == other || strings.HasPrefix(path, other+".") || strings.HasPrefix(other, path+".") {
					return fmt.Errorf("the paths %q and %q overlap", other, path)
				}
			}
		}
	}
	return nil
}
