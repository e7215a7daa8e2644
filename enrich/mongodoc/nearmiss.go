package mongodoc

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// NearMiss looks for a document whose id is nearly that of a user without a document. It
// returns false if there is none. It makes one query, for one document, which takes at
// most Options.Timeout and can use the same index as a lookup.
func (s *Source) NearMiss(ctx context.Context, u enrich.User) (bsonjson.NearMiss, bool, error) {
	ids := s.mapping.NearIDs(u)
	if len(ids) == 0 {
		return bsonjson.NearMiss{}, false, nil
	}
	filter, err := s.field.Filter(ids)
	if err != nil {
		return bsonjson.NearMiss{}, false, err
	}
	docs, err := s.readFields(ctx, filter, 1)
	if err != nil || len(docs) == 0 {
		return bsonjson.NearMiss{}, false, err
	}
	near, ok := s.mapping.NearMiss(u, docs[0])
	return near, ok, nil
}

// sampleSize is how many documents [Source.CountTypes] and [Source.Contents] read.
const sampleSize = 20

// CountTypes reads the user-id field of some documents, and counts them by its type
// ([bsonjson.Field.CountTypes]).
func (s *Source) CountTypes(ctx context.Context) (map[string]int, error) {
	docs, err := s.readFields(ctx, struct{}{}, sampleSize)
	if err != nil {
		return nil, err
	}
	return s.field.CountTypes(docs), nil
}

// Contents reads some documents as a lookup does, those with the highest _id, and says what
// of them is in tokens. Only ctx limits its time.
func (s *Source) Contents(ctx context.Context) (bsonjson.Contents, error) {
	o := options.Find().SetLimit(sampleSize)
	if s.projection != nil {
		o.SetProjection(s.projection)
	}
	docs, err := s.newest(ctx, o)
	if err != nil {
		return bsonjson.Contents{}, err
	}
	return s.mapping.Contents(docs), nil
}

// Sample reads some whole documents, those with the highest _id, and describes them. It
// reads at most [bsonjson.SampleSize] documents and [bsonjson.SampleBytes]. Only ctx limits
// its time.
func (s *Source) Sample(ctx context.Context) (bsonjson.Sample, error) {
	docs, err := s.newest(ctx, options.Find().SetLimit(bsonjson.SampleSize).SetBatchSize(sampleBatchSize))
	if err != nil {
		return bsonjson.Sample{}, err
	}
	return s.mapping.Sample(docs), nil
}

// newest reads the documents with the highest _id.
func (s *Source) newest(ctx context.Context, o *options.FindOptionsBuilder) ([][]byte, error) {
	collection, err := s.documents(ctx)
	if err != nil {
		return nil, s.wrapError(err)
	}
	cursor, err := collection.Find(ctx, struct{}{}, o.SetSort(map[string]int{"_id": -1}))
	if err != nil {
		return nil, s.wrapError(err)
	}
	docs, err := readBytes(ctx, cursor, bsonjson.SampleBytes)
	if err != nil {
		return nil, s.wrapError(err)
	}
	return docs, nil
}

// readFields reads the user-id field, and the issuer of the id, of some documents that a
// query finds.
func (s *Source) readFields(ctx context.Context, query any, most int64) ([][]byte, error) {
	projection, err := s.field.Projection()
	if err != nil {
		return nil, err
	}
	return s.read(ctx, query, options.Find().SetLimit(most).SetProjection(projection))
}

// read reads the documents that a query finds, within Options.Timeout.
func (s *Source) read(ctx context.Context, query any, o *options.FindOptionsBuilder) ([][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	collection, err := s.documents(ctx)
	if err != nil {
		return nil, s.wrapError(err)
	}
	cursor, err := collection.Find(ctx, query, o)
	if err != nil {
		return nil, s.wrapError(err)
	}
	docs, err := readAll(ctx, cursor)
	if err != nil {
		return nil, s.wrapError(err)
	}
	return docs, nil
}
