// Package mongodoc reads users' documents from a MongoDB collection and follows
// its changes.
//
// [Open] makes a [Source] from a connection string, a collection and the path of
// its user-id field. Open does not wait for MongoDB. The source connects when
// MongoDB is reachable and reconnects by itself.
//
// # Lookups
//
// Each lookup is one find on the primary. It runs a second time if the first fails,
// and takes at most Options.Timeout. If a user has several documents, the one with
// the preferred id type and the lowest _id wins, a warning is logged and a metric
// counts it. A user without a document is [enrich.ErrNoDocument]; any other error
// means that the source does not know. What the projection leaves out stays in the
// database.
//
// # Changes
//
// A cache in front of the source is as fresh as its entries are young.
// [Source.Watch] makes it fresher: it follows the collection's change stream and
// tells the cache which documents changed. Change streams need a replica set or a
// sharded cluster, and the database user needs the changeStream permission.
// [Source.CanWatch] reports whether the collection has one.
//
// # Writes
//
// A source can also make documents, for users at their first login: [Source.Insert],
// [Source.SetTime] and [Source.MarkCreated]. They use write concern majority.
// [Source.CheckUnique] reports whether the collection has the unique index that they
// need. [Source.Command] runs any MongoDB command.
//
// # Secrets
//
// No error and no log line contains the connection string, a user id or a part of a
// document. The exception is the reply of Command.
package mongodoc
