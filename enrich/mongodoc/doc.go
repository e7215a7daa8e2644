// Package mongodoc reads users' documents from a MongoDB collection and follows
// its changes.
//
// [Open] makes a [Source] from a connection string, a collection and the path of
// its user-id field. Open does not wait for MongoDB. The source connects when
// MongoDB is reachable, and reconnects automatically.
//
// # Lookups
//
// Each lookup is one find on the primary. If it fails, it is repeated once. Together
// they take at most Options.Timeout. If a user has several documents, the source
// uses the one with the preferred id type and the lowest _id, logs a warning and
// counts it in a metric. If the user has no document, the error is
// [enrich.ErrNoDocument]; any other error means that the lookup failed. MongoDB does
// not send the parts of a document that the projection drops.
//
// # Changes
//
// A cache in front of the source returns documents as old as its entries.
// [Source.Watch] follows the collection's change stream and evicts changed documents
// from the cache. Change streams need a replica set or a sharded cluster, and the
// database user needs the changeStream permission. [Source.CanWatch] reports whether
// the collection has a change stream.
//
// # Writes
//
// A source can also create documents, for users at their first login:
// [Source.Insert], [Source.SetTime] and [Source.MarkCreated]. They use write concern
// majority. [Source.CheckUnique] reports whether the collection has the unique index
// that they need. [Source.Command] runs any MongoDB command.
//
// # Secrets
//
// No error and no log line contains the connection string, a user id or a part of a
// document. The exception is the reply of Command.
package mongodoc
