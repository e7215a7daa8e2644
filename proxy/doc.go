// Package proxy is a reverse proxy that adds users' documents to the tokens that
// a backend issues, and restores the backend's own tokens in requests.
//
// A [Proxy] is an [http.Handler] in front of one backend. Its [Options] never change:
// the backend's address, timeouts, limits, the logger. A [Snapshot] has everything that
// can change while the Proxy serves: the rules, the [Enricher], the keys to publish.
// [Proxy.Use] replaces the snapshot. A request uses one snapshot from start to end.
//
// Most programs use package proxy/sidecar instead, which makes a Proxy and everything
// around it from one configuration.
//
// # A token in a response
//
// A [Rule] says which responses carry tokens and at which locations (package
// [locate]). The proxy reads such a response up to Limits.Body, decompresses it, locates
// the tokens and passes them to the Enricher as one [enrich.Grant]: all of them are
// enriched, or none. Then it splices the enriched tokens into the response. Every other
// byte stays unchanged. If no token was enriched, the whole response stays unchanged. If
// enrichment fails, the rule's policy decides: the client gets the original response, or
// 503. A rule that is a Gate lets no token leave that was not accepted, under any policy.
//
// # An enriched token in a request
//
// If Snapshot.Restore is set, the proxy replaces enriched tokens in a request with
// their originals, byte for byte, before it forwards the request.
//
// # Everything else
//
// Requests and responses that no rule matches stream through. The proxy never
// retries a request, because codes and refresh tokens work only once. Its own
// errors are application/problem+json (RFC 9457). They are never 401, because clients
// sign their users out on a 401.
//
// The package imports no token library and no database driver.
package proxy
