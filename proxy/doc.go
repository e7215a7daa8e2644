// Package proxy is a reverse proxy that adds users' documents to the tokens that
// a backend issues, and gives the backend its own tokens back.
//
// A [Proxy] is an [http.Handler] in front of one backend. [Options] hold for its
// whole life: the backend's address, timeouts, limits, where to log. A [Snapshot]
// is what may change while it serves: the rules, the [Enricher], the keys to
// publish. [Proxy.Use] replaces it between two requests. A request that has
// begun finishes with the snapshot that it began with.
//
// # A token in a response
//
// A [Rule] says which responses carry tokens and at which locations (package
// [locate]). The proxy reads such a response within Limits.Body, undoes its
// content coding, locates the tokens and hands them to the Enricher as one
// [enrich.Grant]: all of them are enriched, or none. Then it splices the
// enriched tokens into the response. Every other byte stays as the backend sent
// it, and so does a response in which nothing was enriched. If enrichment fails,
// the rule's policy decides: the client gets the original response, or 503.
//
// # An enriched token in a request
//
// Where Snapshot.Restore is set, an enriched token in a request becomes the
// original again, byte for byte, before the request goes to the backend.
//
// # Everything else
//
// Requests and responses that no rule matches stream through. A request is sent
// at most once: codes and refresh tokens work only once. Errors of the proxy
// itself are application/problem+json (RFC 9457) and never 401, because clients
// sign their users out on it.
//
// The package knows HTTP. It knows neither token libraries nor databases.
package proxy
