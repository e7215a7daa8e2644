//go:build openssl && linux && !android && (amd64 || arm64)

package libcrypto

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/ebitengine/purego"
)

// file is the name of the library of OpenSSL 3. Its number changes when a function here
// could change.
const file = "libcrypto.so.3"

// A library is the loaded libcrypto. Pointers to its objects are uintptr. The functions are
// those of OpenSSL's manual pages with the same names.
type library struct {
	version       func(what int32) string
	lastError     func() uintptr
	errorText     func(code uintptr, buffer *byte, size uint)
	clearErrors   func()
	parseKey      func(key uintptr, der **byte, size int) uintptr
	freeKey       func(key uintptr)
	newContext    func(key, engine uintptr) uintptr
	freeContext   func(context uintptr)
	initSign      func(context uintptr) int32
	setPadding    func(context uintptr, padding int32) int32
	setHash       func(context, hash uintptr) int32
	setSaltLength func(context uintptr, length int32) int32
	sign          func(context uintptr, signature *byte, size *uint, digest *byte, digestSize uint) int32
	sha256        func() uintptr
	sha384        func() uintptr
	sha512        func() uintptr

	// running has room for as many calls as there are processors. A goroutine in a call
	// keeps a thread, and without a bound a thousand logins at once would make as many.
	running chan struct{}
}

// symbols returns a pointer to each function, by its name in the library.
func (l *library) symbols() map[string]any {
	return map[string]any{
		"OpenSSL_version":                  &l.version,
		"ERR_get_error":                    &l.lastError,
		"ERR_error_string_n":               &l.errorText,
		"ERR_clear_error":                  &l.clearErrors,
		"d2i_AutoPrivateKey":               &l.parseKey,
		"EVP_PKEY_free":                    &l.freeKey,
		"EVP_PKEY_CTX_new":                 &l.newContext,
		"EVP_PKEY_CTX_free":                &l.freeContext,
		"EVP_PKEY_sign_init":               &l.initSign,
		"EVP_PKEY_CTX_set_rsa_padding":     &l.setPadding,
		"EVP_PKEY_CTX_set_signature_md":    &l.setHash,
		"EVP_PKEY_CTX_set_rsa_pss_saltlen": &l.setSaltLength,
		"EVP_PKEY_sign":                    &l.sign,
		"EVP_sha256":                       &l.sha256,
		"EVP_sha384":                       &l.sha384,
		"EVP_sha512":                       &l.sha512,
	}
}

// loaded returns the library, which is loaded at the first call. The error wraps
// [ErrMissing].
var loaded = sync.OnceValues(func() (*library, error) { return load(file) })

func load(file string) (*library, error) {
	handle, err := purego.Dlopen(file, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	l := &library{running: make(chan struct{}, runtime.GOMAXPROCS(0))}
	for name, function := range l.symbols() {
		address, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMissing, err)
		}
		purego.RegisterFunc(function, address)
	}
	return l, nil
}

// Version returns the name and version of the library, such as "OpenSSL 3.0.19 27 Jan
// 2026". The error wraps [ErrMissing].
func Version() (string, error) {
	l, err := loaded()
	if err != nil {
		return "", err
	}
	return l.version(0), nil
}

// failure returns an error with the first entry of the thread's error queue, and empties
// the queue. Call it on the thread of the call that failed.
func (l *library) failure(function string) error {
	code := l.lastError()
	l.clearErrors()
	if code == 0 {
		return fmt.Errorf("%s of %s failed", function, file)
	}
	text := make([]byte, 256)
	l.errorText(code, &text[0], uint(len(text)))
	return fmt.Errorf("%s of %s failed: %s", function, file, cString(text))
}

func cString(text []byte) string {
	for i, c := range text {
		if c == 0 {
			return string(text[:i])
		}
	}
	return string(text)
}
