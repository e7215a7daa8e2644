// Package attack attacks a sidecar through its listeners. It checks which tokens
// clients get, which requests the backend gets, how much memory the sidecar uses, and
// that no log, span, metric or error contains a secret.
//
//	go test -v ./internal/e2e/attack          # small floods; prints a table of all attacks
//	go test -v ./internal/e2e/attack -floods  # floods of full size: make attacks
//
// Each attack is a row of a table and runs as a subtest. To add an attack, add a row to
// the table of its kind. A row says what the attacker sends and what must happen:
//
//	wireRows, http2Rows                    requests that two parsers read differently
//	headerRows, overflowRows               spoofed headers, and too many headers
//	pathRows                               spellings of a rule's path
//	gateRows                               ways around a gate
//	injectionRows, allowRows               headers about users, and who may send requests
//	ownerRows                              requests to a user's own document
//	callRows, pollutionRows                calls of functions by users
//	callerRows, callTokenRows              and whose calls they are
//	dataRows, foreignQueries, guesses      the SDKs' access to the collection
//	confusedRows, keyRows, signatureRows   tokens made by an attacker
//	signedRows, encodingRows, foreignRows  tokens signed by the backend
//	jwksRows                               JWK Sets of a hostile backend
//	restoreRows                            tokens that must not be restored
//	loginRows, refreshRows                 logins and refreshes that look like something else
//	userRows, documentRows                 user ids, and what users write into documents
//	adminRows                              requests to the admin listener
//	floodRows, bombRows, slowRows          too much of something
//	functionRows                           functions that do not stop, or take too much memory
//	crowdRows                              connections that use as much as they can
//	overloadRows                           more requests at the same time than the limits
//	secretRows                             requests with secrets, which must not be logged
package attack
