// Package locate knows where tokens are in HTTP messages. It finds them in
// responses so that they can be enriched, and in requests so that they can be
// restored, and puts the new ones in their place so that every other byte stays.
//
// A [Location] is a place as a rule names it: "json:access_token",
// "cookie:session", "fragment:id_token". [Response.Find] returns the tokens at a
// rule's locations, and every further place where the same token stands in full.
// [Response.Replace] puts the enriched tokens there. [Occurrence.Budget] and
// [Fits] say how large they may be: header lines and cookies have limits.
//
// [Request.Restore] swaps enriched tokens in a request back to originals,
// wherever OAuth and OpenID Connect send tokens and at the rule's locations.
// [Request.IsRefresh] says whether a request exchanges a refresh token.
//
// The package is pure: it does no I/O, verifies nothing, and never writes to what
// it is given. It is the only importer of golang.org/x/net/html.
package locate
