package bsonjson

import "github.com/tokengraft/tokengraft/internal/credentials"

// A projector applies a [Projection] to documents as MongoDB's find does, with one
// difference: it keeps _id only if Include contains it. The zero projector keeps
// everything. The guard looks at what is left, once that is JSON.
type projector struct {
	include, exclude paths
	guard            credentials.Guard
}

// newProjector returns a projector, or an error if the projection is not valid.
func newProjector(p Projection) (projector, error) {
	if err := p.Validate(); err != nil {
		return projector{}, err
	}
	return projector{include: newPaths(p.Include), exclude: newPaths(p.Exclude), guard: p.guard()}, nil
}

// apply returns the document without the parts that the projection drops. The result
// may alias doc.
func (p projector) apply(doc []byte) ([]byte, error) {
	var err error
	if len(p.include) > 0 {
		if doc, err = (cut{keep: true}).members(nil, doc, p.include, 1); err != nil {
			return nil, err
		}
	}
	if len(p.exclude) > 0 {
		return cut{keep: false}.members(nil, doc, p.exclude, 1)
	}
	return doc, nil
}
