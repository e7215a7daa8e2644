// Package bsonjson converts BSON documents to JSON and back, and finds user ids in
// them. It uses no clock, network or state. Every source uses it, so a document from
// a file becomes the same JSON as one from MongoDB.
//
// # Mapping
//
// A source needs a [Mapping]. [NewMapping] makes it from four options: the path of
// the user-id field, the type of the ids, the format of the JSON and the projection.
// [Mapping.Candidates] returns the ids to search a user's document by, and
// [Mapping.Document] converts the document.
//
// # MongoDB
//
// For a source that reads MongoDB, [Mapping.FindProjection] returns the projection of a
// find and [Mapping.Pipeline] the pipeline of a change stream. [Field.Filter] and
// [Field.Sort] find a user's document, [Field.Change] parses an event, and
// [Field.Insertion] and [Field.Assignment] are updates.
//
// # Bytes
//
// Documents are BSON bytes, in and out. The caller does not have to check them: a
// malformed document returns an error that wraps [enrich.ErrUndecodable], and never
// panics. No error contains a part of a document.
package bsonjson
