// Package credentials finds fields of a JSON document that look like credentials, such
// as password hashes and private keys, so that they stay out of tokens. It looks at
// documents as they would be in a token, so it is the same for every source and format.
//
// A field looks like a credential because of a word in its name, or because of the start
// of its value. Both lists are closed. A long random text alone is not a sign: it
// can as well be the id of an image, and would be missing in tokens for no reason.
package credentials
