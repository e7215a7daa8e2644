// Package data lets users read and write the documents of one collection as the SDKs of
// MongoDB Atlas App Services do, as far as the roles of its rules.json permit it.
//
// Nothing that a user sends is trusted. A query has only operators that this package knows,
// and it reaches MongoDB only if the user can read every field that it names in every
// document that it could be compared with. In all other cases MongoDB gets the filters of
// the roles alone, and the query is evaluated here, on the part of each document that the
// user can read. So neither an answer nor an error depends on a field that is hidden.
//
// Updates are computed here too. The new document is checked against the roles, and is
// written only if the old one has not changed since it was read.
package data
