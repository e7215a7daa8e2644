// Package locate finds tokens in HTTP messages and replaces them: in responses so
// that they can be enriched, in requests so that they can be restored. All other
// bytes stay.
//
// A [Location] is a place as a rule names it: "json:access_token",
// "cookie:session", "fragment:id_token". [Response.Find] returns the tokens at a
// rule's locations, and every other place that contains one of these tokens.
// [Response.Replace] puts the enriched tokens there. [Occurrence.Budget] and
// [Fits] say how large they may be, because header lines and cookies have limits.
//
// [Request.Restore] replaces enriched tokens in a request with their originals,
// wherever OAuth and OpenID Connect send tokens and at the rule's locations.
// [Request.IsRefresh] reports whether a request exchanges a refresh token.
//
// The package is pure: it does no I/O, verifies nothing, and never writes to its
// arguments.
package locate
