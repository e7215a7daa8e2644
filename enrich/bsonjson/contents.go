package bsonjson

import (
	"slices"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/credentials"
)

// maxContents limits the fields of [Contents].
const maxContents = 32

// Contents says what of some documents is in tokens. It has no values, and no names that
// look like an id of a user.
type Contents struct {
	// Documents is how many documents these are.
	Documents int
	// Fields are the names at the top of what the projection keeps, in the order in which
	// they occur first, at most 32.
	Fields []string
	// Credentials counts the documents that have each field that looks like a credential.
	Credentials map[enrich.Credential]int
}

// Contents describes documents. It ignores those that cannot be written as JSON.
func (m Mapping) Contents(docs [][]byte) Contents {
	c := Contents{Documents: len(docs), Credentials: map[enrich.Credential]int{}}
	for _, doc := range docs {
		document, err := m.Document(doc)
		if err != nil {
			continue
		}
		for _, credential := range document.Credentials {
			c.Credentials[credential]++
		}
		projected, _ := m.projector.apply(doc) // did not fail before
		c.addFields(projected)
	}
	return c
}

func (c *Contents) addFields(doc []byte) {
	for m, err := range members(doc) {
		name := string(m.name)
		if err == nil && len(c.Fields) < maxContents && credentials.Shown(name) == name && !slices.Contains(c.Fields, name) {
			c.Fields = append(c.Fields, name)
		}
	}
}
