// Package locate finds tokens in HTTP messages and replaces them. In responses,
// enriched tokens replace originals; in requests, originals replace enriched tokens.
// All other bytes stay unchanged.
//
// A [Location] is a place in a message, such as "json:access_token",
// "cookie:session" or "fragment:id_token". [Response.Find] returns the tokens at a
// rule's locations, and every other place that contains one of these tokens.
// [Response.Replace] writes the enriched tokens to these places. Header lines and
// cookies have size limits: [Occurrence.Budget] and [Fits] check them.
//
// [Request.Restore] replaces enriched tokens in a request with their originals. It
// looks wherever OAuth and OpenID Connect send tokens, and at the rule's locations.
// [Request.Classify] says whether a request is a login or a refresh.
//
// The package does no I/O, does not verify tokens, and never writes to its arguments.
package locate
