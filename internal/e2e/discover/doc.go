// Package discover configures the sidecar for three backends by `tokengraft discover`
// alone, and then uses it: check, serve, a login, a refresh, the token at the backend, a
// logout, doctor. The backends imitate login services without documentation: one in the
// manner of PHP, of Express and of Rails. Each has a file with the server and its client.
//
// What had to be changed by hand in the printed configuration is data of the test, with the
// reason. TestDiscover prints it as a table.
package discover
