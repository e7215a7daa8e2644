package functions

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
)

// Their texts do not quote the key.
var (
	errPEM     = errors.New("the key is not in PEM format: it must start with a line such as -----BEGIN RSA PRIVATE KEY-----")
	errKey     = errors.New("the key cannot be read: use PKCS#8 or PKCS#1 for a private key, PKIX or PKCS#1 for a public key")
	errKeyType = errors.New("the key is of another type than the algorithm needs")
)

// decodePEM decodes a key of an app. In the files of context.values, line breaks are
// often written as \n twice over.
func decodePEM(text []byte) (*pem.Block, error) {
	block, _ := pem.Decode(bytes.ReplaceAll(text, []byte(`\n`), []byte("\n")))
	if block == nil {
		return nil, errPEM
	}
	return block, nil
}

// isPEM reports whether text is meant as a key or a certificate, and not as a secret. It may
// have lost its line breaks, so that it cannot be decoded.
func isPEM(text []byte) bool { return bytes.Contains(text, []byte("-----BEGIN ")) }

// parsePrivate returns a private key of one type from its PEM format.
func parsePrivate[K crypto.Signer](text []byte) (key K, err error) {
	block, err := decodePEM(text)
	if err != nil {
		return key, err
	}
	var parsed any
	switch block.Type {
	case "RSA PRIVATE KEY":
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	return keyOf[K](parsed, err)
}

// parsePublic returns a public key of one type from its PEM format, or from that of a
// certificate.
func parsePublic[K any](text []byte) (key K, err error) {
	block, err := decodePEM(text)
	if err != nil {
		return key, err
	}
	var parsed any
	switch block.Type {
	case "RSA PUBLIC KEY":
		parsed, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
			parsed = certificate.PublicKey
		}
	default:
		parsed, err = x509.ParsePKIXPublicKey(block.Bytes)
	}
	return keyOf[K](parsed, err)
}

func keyOf[K any](parsed any, err error) (key K, _ error) {
	if err != nil {
		return key, errKey
	}
	key, ok := parsed.(K)
	if !ok {
		return key, errKeyType
	}
	return key, nil
}
