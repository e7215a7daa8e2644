// Package exhaustion attacks a sidecar with requests that want too much memory, too
// much work or too many connections, while honest users log in and refresh their tokens
// at a steady rate. It measures the memory and the processor time of the process, and
// how long honest users wait. The sidecar must stay within its memory, must not restart,
// and must not lose a refresh token that the backend has issued. It must answer the honest
// users, unless the attacker has their address.
//
//	go test -v ./internal/e2e/exhaustion        # a few seconds for each attack
//	go test -v ./internal/e2e/exhaustion -full  # attacks of full size: make exhaustion
//
// [TestProcess] attacks the program as a process, and one with a TLS listener, whose rules
// are gates. [TestContainer] attacks it in a container of 256 MiB, and needs a Docker
// engine and -full.
//
// Each attack is a row of memoryRows, addressRows, tokenRows, functionRows or tlsRows. To
// add an attack, add a row.
package exhaustion
