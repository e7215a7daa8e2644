package keys

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// A key file is a PEM block (PKCS #8) with explanatory text before it (RFC
// 7468, section 2), lines of "name: value", which other tools skip. The instants
// stand in the file, not in its modification time, so that copies and read-only
// mounts tell the same (law E3).
const (
	lineAlgorithm = "algorithm"
	lineCreated   = "created"
	lineActive    = "active" // from when the key signs
)

// newFile makes a key and returns the text of its file.
func newFile(algorithm string, created, active time.Time) ([]byte, error) {
	private, err := generate(algorithm)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	fmt.Fprintf(&file, "A signing key of tokengraft. Keep it secret.\n")
	fmt.Fprintf(&file, "%s: %s\n", lineAlgorithm, algorithm)
	fmt.Fprintf(&file, "%s: %s\n", lineCreated, created.UTC().Format(time.RFC3339Nano))
	fmt.Fprintf(&file, "%s: %s\n", lineActive, active.UTC().Format(time.RFC3339Nano))
	err = pem.Encode(&file, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return file.Bytes(), err
}

// ownKey is a key of our own with what its file says of it.
type ownKey struct {
	id              string // kid
	algorithm       string // an algorithm, or AnyRSA
	public          crypto.PublicKey
	keys            map[string]*Key // by the algorithms that it signs
	path            string
	copies          []string  // further files that have it
	created, active time.Time // zero where the file does not say
	file            os.FileInfo
}

func (k *ownKey) worldReadable() bool { return k.file.Mode().Perm()&0o004 != 0 }

// readFile is the function of that name, but returns what is known of a file
// that is as it was.
func (s keySet) readFile(path string) (*ownKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	for _, k := range s {
		if k.path == path && unchanged(k.file, info) {
			same := *k
			same.copies = nil // those may have changed
			return &same, nil
		}
	}
	return readFile(path)
}

func unchanged(was, is os.FileInfo) bool {
	return os.SameFile(was, is) && was.ModTime().Equal(is.ModTime()) && was.Size() == is.Size() && was.Mode() == is.Mode()
}

// readFile reads a key file. A PEM file of another origin will do: it signs what
// its type can, from ever.
func readFile(path string) (*ownKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	private, err := parsePrivate(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	own := &ownKey{path: path, file: info, public: private.Public(), keys: map[string]*Key{}}
	own.algorithm = word(private.Public())
	preamble, _, _ := bytes.Cut(text, []byte("-----BEGIN"))
	for line := range strings.Lines(string(preamble)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case lineAlgorithm:
			own.algorithm = value
		case lineCreated:
			own.created, err = time.Parse(time.RFC3339, value)
		case lineActive:
			own.active, err = time.Parse(time.RFC3339, value)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: line %q: want an RFC 3339 time", path, name)
		}
	}
	if own.id, err = thumbprint(own.public); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, algorithm := range signs(own.algorithm) {
		if own.keys[algorithm], err = newKey(algorithm, own.id, private); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return own, nil
}

// parsePrivate reads the first private key of a PEM file: PKCS #8, PKCS #1 or
// SEC 1.
func parsePrivate(text []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		var key any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "ENCRYPTED PRIVATE KEY":
			return nil, errors.New("the private key is encrypted, store it decrypted and protect the file instead")
		default:
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("malformed %s", strings.ToLower(block.Type))
		}
		if signer, ok := key.(crypto.Signer); ok {
			return signer, nil
		}
		return nil, fmt.Errorf("keys of type %T do not sign", key)
	}
	return nil, errors.New("no private key in PEM form")
}

// parsePublic reads the first public key of a PEM file: SPKI, PKCS #1, or a
// certificate's.
func parsePublic(text []byte) (crypto.PublicKey, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		var key any
		var err error
		switch block.Type {
		case "PUBLIC KEY":
			key, err = x509.ParsePKIXPublicKey(block.Bytes)
		case "RSA PUBLIC KEY":
			key, err = x509.ParsePKCS1PublicKey(block.Bytes)
		case "CERTIFICATE":
			var certificate *x509.Certificate
			if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
				key = certificate.PublicKey
			}
		default:
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("malformed %s", strings.ToLower(block.Type))
		}
		return key, usable(key)
	}
	return nil, errors.New("no public key or certificate in PEM form")
}
