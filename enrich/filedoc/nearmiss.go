package filedoc

import (
	"context"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// NearMiss looks for a document whose id is nearly that of a user without a document. It
// returns false if there is none.
func (s *Source) NearMiss(ctx context.Context, u enrich.User) (bsonjson.NearMiss, bool, error) {
	index, _, fault := s.file.current(ctx)
	if index == nil {
		return bsonjson.NearMiss{}, false, s.wrapError(fault)
	}
	doc, _ := index.find(s.mapping.NearIDs(u))
	if doc == nil {
		return bsonjson.NearMiss{}, false, nil
	}
	near, ok := s.mapping.NearMiss(u, doc)
	return near, ok, nil
}

// CountTypes counts the documents by the type of their user-id field
// ([bsonjson.Field.CountTypes]).
func (s *Source) CountTypes(ctx context.Context) (map[string]int, error) {
	index, _, fault := s.file.current(ctx)
	if index == nil {
		return nil, s.wrapError(fault)
	}
	return index.types, nil
}

// maxSample is how many documents [Source.Contents] looks at.
const maxSample = 1000

// Contents says what of the documents is in tokens.
func (s *Source) Contents(ctx context.Context) (bsonjson.Contents, error) {
	index, _, fault := s.file.current(ctx)
	if index == nil {
		return bsonjson.Contents{}, s.wrapError(fault)
	}
	return s.mapping.Contents(index.docs.first(maxSample)), nil
}

// Sample describes the first documents of the file, at most [bsonjson.SampleSize].
func (s *Source) Sample(ctx context.Context) (bsonjson.Sample, error) {
	index, _, fault := s.file.current(ctx)
	if index == nil {
		return bsonjson.Sample{}, s.wrapError(fault)
	}
	return s.mapping.Sample(index.docs.within(bsonjson.SampleSize, bsonjson.SampleBytes)), nil
}
