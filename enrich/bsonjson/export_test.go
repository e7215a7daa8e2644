package bsonjson

// Exported for tests of the parts of [Mapping].
type Projector = projector

var (
	Candidates   = candidates
	DocumentID   = documentID
	NewProjector = newProjector
)

func (p projector) Apply(doc []byte) ([]byte, error) { return p.apply(doc) }
