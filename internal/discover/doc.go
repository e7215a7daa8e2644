// Package discover learns a configuration from a login that it watches. It records what
// clients and a backend say to each other ([Capture], [ReadHAR]), analyzes where the
// tokens are ([Analyze]), asks the backend for its keys ([ProbeKeys]), compares user ids
// with a collection ([MatchUsers]), and writes a commented configuration ([Write]).
//
// The package holds tokens, passwords and documents in memory. None of them is ever in
// what it prints: only names, algorithms, issuers, audiences, paths and figures are.
package discover
