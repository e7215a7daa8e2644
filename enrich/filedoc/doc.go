// Package filedoc reads users' documents from a file: for tests, demonstrations and
// deployments without MongoDB.
//
// [Open] reads the file into memory and makes a [Source] of it. The file is a JSON
// array of documents, or one document after the other. MongoDB Extended JSON works
// too, so a document means the same here as in MongoDB.
//
// Each lookup checks whether the file has changed, and reads it again if so. Replace
// the file in one step, with a rename, so that nobody reads half of it. If the file
// is broken, lookups use its last good content and mark the documents as stale, and
// [Source.Check] returns the error.
//
// A cache in front of the source does not look at the file. [Source.Watch] tells the
// cache when the file has changed.
//
// No error and no log line contains a user id or a part of a document.
package filedoc
