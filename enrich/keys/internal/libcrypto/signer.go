//go:build openssl && linux && !android && (amd64 || arm64)

package libcrypto

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"runtime"
)

// The constants of rsa.h.
const (
	paddingPKCS1 = 1 // RSA_PKCS1_PADDING
	paddingPSS   = 6 // RSA_PKCS1_PSS_PADDING
)

// A signer is an RSA key in the library's memory. It is safe for concurrent use.
type signer struct {
	l      *library
	key    uintptr // EVP_PKEY *
	public *rsa.PublicKey
}

// NewSigner returns a signer of a key. Its signatures are PKCS #1 v1.5, or PSS with
// [rsa.PSSOptions], whose salt is as long as the hash. The hash is SHA-256, SHA-384 or
// SHA-512. The library's copy of the key is freed when the signer is garbage.
//
// The error wraps [ErrMissing] if the machine has no libcrypto. Any other error means that
// the library cannot sign with this key.
func NewSigner(key *rsa.PrivateKey) (crypto.Signer, error) {
	l, err := loaded()
	if err != nil {
		return nil, err
	}
	s, err := l.newSigner(key)
	if err != nil {
		return nil, err // and no signer that is a nil pointer
	}
	return s, nil
}

func (l *library) newSigner(key *rsa.PrivateKey) (*signer, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	native, err := l.parse(der)
	if err != nil {
		return nil, err
	}
	s := &signer{l: l, key: native, public: &key.PublicKey}
	runtime.AddCleanup(s, l.freeKey, native)
	return s, s.test()
}

// parse copies a key into the library's memory.
func (l *library) parse(der []byte) (uintptr, error) {
	runtime.LockOSThread() // for failure
	defer runtime.UnlockOSThread()
	var pinned runtime.Pinner
	defer pinned.Unpin()
	start := &der[0]
	pinned.Pin(start) // the library gets a pointer to this pointer
	if key := l.parseKey(0, &start, len(der)); key != 0 {
		return key, nil
	}
	return 0, l.failure("d2i_AutoPrivateKey")
}

// test checks one signature, so that a library that signs wrongly is noticed at the start.
func (s *signer) test() error {
	digest := sha256.Sum256([]byte("tokengraft"))
	signature, err := s.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err == nil {
		err = rsa.VerifyPKCS1v15(s.public, crypto.SHA256, digest[:], signature)
	}
	if err != nil {
		return fmt.Errorf("%s does not sign correctly with this key: %w", file, err)
	}
	return nil
}

// Public implements [crypto.Signer].
func (s *signer) Public() crypto.PublicKey { return s.public }

// Sign implements [crypto.Signer]. The library has its own source of random numbers.
func (s *signer) Sign(_ io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	hash, err := s.l.hash(o.HashFunc())
	switch {
	case err != nil:
		return nil, err
	case len(digest) != o.HashFunc().Size():
		return nil, errors.New("the digest does not have the length of its hash")
	}
	s.l.running <- struct{}{}
	defer func() { <-s.l.running }()
	runtime.LockOSThread() // for failure
	defer runtime.UnlockOSThread()
	defer runtime.KeepAlive(s) // its cleanup frees the key
	_, isPSS := o.(*rsa.PSSOptions)
	return s.sign(digest, hash, isPSS)
}

func (s *signer) sign(digest []byte, hash uintptr, isPSS bool) ([]byte, error) {
	l := s.l
	context := l.newContext(s.key, 0)
	if context == 0 {
		return nil, l.failure("EVP_PKEY_CTX_new")
	}
	defer l.freeContext(context)
	padding := int32(paddingPKCS1)
	if isPSS {
		padding = paddingPSS
	}
	size := uint(s.public.Size())
	signature := make([]byte, size)
	switch {
	case l.initSign(context) <= 0:
		return nil, l.failure("EVP_PKEY_sign_init")
	case l.setPadding(context, padding) <= 0:
		return nil, l.failure("EVP_PKEY_CTX_set_rsa_padding")
	case l.setHash(context, hash) <= 0:
		return nil, l.failure("EVP_PKEY_CTX_set_signature_md")
	case isPSS && l.setSaltLength(context, int32(len(digest))) <= 0:
		return nil, l.failure("EVP_PKEY_CTX_set_rsa_pss_saltlen")
	case l.sign(context, &signature[0], &size, &digest[0], uint(len(digest))) <= 0:
		return nil, l.failure("EVP_PKEY_sign")
	}
	return signature[:size], nil
}

// hash returns the library's object for a hash.
func (l *library) hash(hash crypto.Hash) (uintptr, error) {
	switch hash {
	case crypto.SHA256:
		return l.sha256(), nil
	case crypto.SHA384:
		return l.sha384(), nil
	case crypto.SHA512:
		return l.sha512(), nil
	}
	return 0, fmt.Errorf("no RSA algorithm of JWS has the hash %s", hash)
}
