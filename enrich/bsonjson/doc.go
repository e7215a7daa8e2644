// Package bsonjson turns BSON documents into JSON and back, and finds user ids in
// them. It is pure: no clock, no network, no state. Every source of documents uses
// it, so a document means the same from a file as from MongoDB.
//
// # Mapping
//
// A [Mapping] is what a source needs. [NewMapping] makes it from four options: the
// path of the user-id field, the type of the ids, the format of the JSON and the
// projection. [Mapping.Candidates] are the ids by which a user's document is found,
// and [Mapping.Document] is what the document becomes.
//
// # MongoDB
//
// For a source that asks MongoDB, [Mapping.Request] is the projection of a find and
// [Mapping.Pipeline] that of a change stream. [Field.Filter] and [Field.Sort] find a
// user's document, [Field.Change] reads an event, [Field.Insertion] and
// [Field.Assignment] are updates.
//
// # Bytes
//
// Documents are bytes of BSON, in and out. The caller need not check them: a malformed
// document gives an error that wraps [enrich.ErrUndecodable], never a panic. No
// error quotes a document.
package bsonjson
