// Package enrichtest helps to test enrichment. [TestSource] checks that a source of
// documents meets the contract of enrich.Source. An [Issuer] signs tokens as a backend
// does. [MongoDBs] and the Start functions run real servers.
//
// Import it only from tests.
package enrichtest
