//go:build !openssl || !linux || android || !(amd64 || arm64)

package libcrypto

import (
	"crypto"
	"crypto/rsa"
)

// Version returns [ErrNotBuilt].
func Version() (string, error) { return "", ErrNotBuilt }

// NewSigner returns [ErrNotBuilt].
func NewSigner(*rsa.PrivateKey) (crypto.Signer, error) { return nil, ErrNotBuilt }
