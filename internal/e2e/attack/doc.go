// Package attack attacks the sidecar at its listeners as an attacker would, and
// checks what happens: the tokens that clients get, the requests that the
// backend gets, the memory that it takes, and that no log, span, metric or error
// has a secret in it.
//
//	go test -v ./internal/e2e/attack          # with small floods, and a table of all attacks
//	go test -v ./internal/e2e/attack -floods  # with floods of full size: make attacks
//
// Each attack is a row of a table, and a subtest. Who adds an attack adds a row
// to the table of its kind, which says what is sent and what must happen:
//
//	wireRows, http2Rows                    requests that two parsers read in two ways
//	headerRows, overflowRows               headers that lie, and too many of them
//	pathRows                               spellings of a rule's path
//	confusedRows, keyRows, signatureRows   tokens that an attacker made
//	signedRows, encodingRows, foreignRows  tokens that the backend signed
//	jwksRows                               JWK Sets of a hostile backend
//	restoreRows                            tokens that must not become an original
//	userRows, documentRows                 user ids, and what users write into documents
//	adminRows                              requests to the admin listener
//	floodRows, bombRows, slowRows          too much of something
//	secretRows                             requests with secrets, which no log may have
package attack
