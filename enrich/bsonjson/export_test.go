package bsonjson

// For tests of what [Mapping] is made of.
type Projector = projector

var (
	Candidates   = candidates
	DocumentID   = documentID
	NewField     = newField
	NewProjector = newProjector
)

func (p projector) Apply(doc []byte) ([]byte, error) { return p.apply(doc) }
