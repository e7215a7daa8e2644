// Package attack attacks the sidecar at its listeners as an attacker would, and
// checks what happens: the tokens that clients get, the requests that the
// backend gets, the memory that it takes, and that no log, span, metric or error
// has a secret in it.
//
//	go test -v ./internal/e2e/attack          # with small floods, and a table of all attacks
//	go test -v ./internal/e2e/attack -floods  # with floods of full size: make attacks
package attack
