// Package filedoc reads users' documents from a file: for tests, demonstrations and
// deployments without MongoDB.
//
// [Open] reads the file into memory and returns a [Source]. The file is a JSON array
// of documents, or one document after the other. It may be MongoDB Extended JSON, so
// it can hold the same values as MongoDB.
//
// Each lookup checks whether the file has changed, and reads it again if so. Replace
// the file in one step, with a rename, so that a lookup never reads an incomplete
// file. If the file is broken, lookups use its last good content and mark the
// documents as stale, and [Source.Check] returns the error.
//
// A cache in front of the source does not look at the file. [Source.Watch] evicts all
// documents from the cache when the file has changed.
//
// No error and no log line contains a user id or a part of a document.
package filedoc
