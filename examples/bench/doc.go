// Package bench measures the sidecar from outside: as a process, next to programs that do
// the same job and proxies that do less. It has programs only:
//
//	peers     compares processor time per request, and writes the tables of docs/performance.md
//	backend   the auth backend, with tokens that it has signed before
//	store     answers reads like MongoDB, after 1 ms
//	bare      httputil.ReverseProxy and nothing else: the yardstick
//	floor     the least program that does the sidecar's job
//	profile   writes profiles of the sidecar under load
//	guard     a test for CI: a request does not cost much more than a bare hop
//
// The packages that they share are in internal: lab starts programs and measures what a
// load costs them, load sends it and checks the responses, proc reads the processor
// time and the memory of a process, fixture makes keys, users and tokens.
//
// To measure, run `make bench-peers` in the root of the repository. It needs Linux and two cores.
package bench
