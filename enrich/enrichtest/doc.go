// Package enrichtest helps to test enrichment. [TestSource] checks that a source of
// documents does what enrichment expects of one. An [Issuer] signs tokens as a
// backend does. [MongoDBs] and the Start functions run real servers.
//
// Only tests import it.
package enrichtest
