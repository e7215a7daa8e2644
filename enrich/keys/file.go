package keys

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
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

func readFile(path string) (*ownKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	own, err := parseFile(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	own.path, own.file = path, info
	return own, nil
}

// parseFile reads the text of a key file. A PEM file of another origin will do:
// it signs what its type can, from ever.
func parseFile(text []byte) (*ownKey, error) {
	private, err := parsePrivate(text)
	if err != nil {
		return nil, err
	}
	own := &ownKey{public: private.Public(), keys: map[string]*Key{}}
	own.algorithm = word(own.public)
	if err := own.readPreamble(text); err != nil {
		return nil, err
	}
	if own.id, err = thumbprint(own.public); err != nil {
		return nil, err
	}
	for _, algorithm := range signs(own.algorithm) {
		if own.keys[algorithm], err = newKey(algorithm, own.id, private); err != nil {
			return nil, err
		}
	}
	return own, nil
}

// readPreamble takes over what the lines before the key say of it.
func (k *ownKey) readPreamble(text []byte) (err error) {
	preamble, _, _ := bytes.Cut(text, []byte("-----BEGIN"))
	for line := range strings.Lines(string(preamble)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case lineAlgorithm:
			k.algorithm = value
		case lineCreated:
			k.created, err = time.Parse(time.RFC3339, value)
		case lineActive:
			k.active, err = time.Parse(time.RFC3339, value)
		}
		if err != nil {
			return fmt.Errorf("line %q: want an RFC 3339 time", name)
		}
	}
	return nil
}
