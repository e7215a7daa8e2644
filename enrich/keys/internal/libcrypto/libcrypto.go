// Package libcrypto makes RSA signatures with the OpenSSL of the machine, in builds with
// the tag openssl. Such builds do not use cgo: they load libcrypto.so.3 when the first key
// is made. On processors with AVX-512 IFMA a signature of 2048 bits takes a quarter of
// crypto/rsa's time: 259 µs instead of 978 µs (BenchmarkSign).
//
// Builds without the tag have none of this, and all signatures come from crypto/rsa.
package libcrypto

import "errors"

// ErrNotBuilt means that the program was built without the tag openssl, or for a platform
// that the tag does not support.
var ErrNotBuilt = errors.New("the program was built without OpenSSL")

// ErrMissing means that the machine has no libcrypto that can be used.
var ErrMissing = errors.New("libcrypto.so.3 cannot be used. Install OpenSSL 3 (in Debian and Ubuntu: apt-get install libssl3, or libssl3t64 where that is its name)")
