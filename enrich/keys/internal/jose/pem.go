package jose

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// blockTypes maps the types of PEM blocks that hold a key to their parsers.
type blockTypes map[string]func(der []byte) (key any, err error)

var privateBlocks = blockTypes{
	"PRIVATE KEY":           x509.ParsePKCS8PrivateKey,
	"RSA PRIVATE KEY":       func(der []byte) (any, error) { return x509.ParsePKCS1PrivateKey(der) },
	"EC PRIVATE KEY":        func(der []byte) (any, error) { return x509.ParseECPrivateKey(der) },
	"ENCRYPTED PRIVATE KEY": func([]byte) (any, error) { return nil, errEncrypted },
}

var publicBlocks = blockTypes{
	"PUBLIC KEY":     x509.ParsePKIXPublicKey,
	"RSA PUBLIC KEY": func(der []byte) (any, error) { return x509.ParsePKCS1PublicKey(der) },
	"CERTIFICATE":    parseCertificate,
}

func parseCertificate(der []byte) (any, error) {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return certificate.PublicKey, nil
}

var errEncrypted = errors.New("the private key is encrypted. Decrypt it and protect the file with permissions instead")

// firstKey returns the key in the first block of these types. Its errors contain
// nothing of the text. If there is no such block, the error says that the text contains
// no key of this description, such as "private key".
func (t blockTypes) firstKey(text []byte, description string) (key any, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		parse := t[block.Type]
		if parse == nil {
			continue
		}
		key, err := parse(block.Bytes)
		switch {
		case err == nil:
			return key, nil
		case err == errEncrypted, block.Headers["DEK-Info"] != "": // RFC 1421, section 4.6.1.3
			return nil, errEncrypted
		}
		return nil, fmt.Errorf("the PEM block %q is malformed", block.Type)
	}
	return nil, fmt.Errorf("it does not contain a %s in PEM format", description)
}

// ParsePrivatePEM returns the first private key of a PEM file: PKCS #8, PKCS #1 or
// SEC 1. Its errors contain nothing of the text.
func ParsePrivatePEM(text []byte) (crypto.Signer, error) {
	key, err := privateBlocks.firstKey(text, "private key")
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("keys of type %T cannot sign", key)
	}
	return signer, nil
}

// ParsePublicPEM returns the first public key of a PEM file: SPKI, PKCS #1, or that
// of a certificate. Its errors contain nothing of the text.
func ParsePublicPEM(text []byte) (crypto.PublicKey, error) {
	key, err := publicBlocks.firstKey(text, "public key or certificate")
	if err != nil {
		return nil, err
	}
	return key, checkUsable(key)
}
