package keydir

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
	"github.com/tokengraft/tokengraft/enrich/keys/internal/permissions"
)

// The names of the lines "name: value" before the PEM block of a key file. RFC
// 7468, section 2, allows such explanatory text. The times are in the text, and not
// the file's modification time, so that copies and read-only mounts agree (law E3).
const (
	lineAlgorithm = "algorithm"
	lineCreated   = "created"
	lineActive    = "active" // when the key starts to sign
)

// newFile makes a private key and returns the text of its file.
func newFile(algorithm string, created, active time.Time) ([]byte, error) {
	private, err := jose.Generate(algorithm)
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

// A key is the private key in a file, with what the file says about it.
type key struct {
	id              string // kid
	algorithm       string // an algorithm, or AnyRSA
	public          jose.Verifier
	signers         map[string]*jose.Key // by algorithm
	path            string
	copies          []string  // other files with the same key
	created, active time.Time // zero if the file does not say
	file            os.FileInfo
}

func (k *key) isWorldReadable() bool { return k.file.Mode().Perm()&0o004 != 0 }

// remove deletes every file that contains the key.
func (k *key) remove() error {
	for _, path := range append([]string{k.path}, k.copies...) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// maxFile is the size of the largest key file, in bytes. It has room for certificates.
const maxFile = 1 << 20

var (
	errNotRegular = errors.New("it is not a regular file; move it out of the key directory, or give it another name")
	errHuge       = fmt.Errorf("it is larger than %d bytes, so it is not a key file; move it out of the key directory, or give it another name", maxFile)
)

// readFile returns the key of a file. If the file has not changed since l was read,
// it returns the key from l.
func (l keyList) readFile(path string) (*key, error) {
	// Opening a pipe or a device could wait forever, and then no key would be read again.
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, cmp.Or(err, fmt.Errorf("%s: %w", path, errNotRegular))
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat() // of what is read, even if the name now leads to another file
	if err == nil {
		err = permissions.CheckFile(path, info)
	}
	if err != nil {
		return nil, err
	}
	for _, k := range l {
		if k.path == path && isUnchanged(k.file, info) {
			same := *k
			same.copies = nil // the copies may have changed
			return &same, nil
		}
	}
	return readOpen(f, path, info)
}

func isUnchanged(was, is os.FileInfo) bool {
	return os.SameFile(was, is) && was.ModTime().Equal(is.ModTime()) && was.Size() == is.Size() && was.Mode() == is.Mode()
}

// readOpen reads a key file. The info must be from before the call, so that a file
// that changes during the read is read again later.
func readOpen(f *os.File, path string, info os.FileInfo) (*key, error) {
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: %w", path, errNotRegular)
	case len(text) > maxFile:
		return nil, fmt.Errorf("%s: %w", path, errHuge)
	}
	k, err := parseFile(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	k.path, k.file = path, info
	return k, nil
}

// parseFile parses the text of a key file. Without our lines, a key signs with all
// algorithms of its type and has always been active.
func parseFile(text []byte) (*key, error) {
	private, err := jose.ParsePrivatePEM(text)
	if err != nil {
		return nil, err
	}
	k := &key{algorithm: jose.Algorithm(private.Public())}
	if err := k.readLines(text); err != nil {
		return nil, err
	}
	k.public = jose.Verifier{Algorithm: k.algorithm, Key: private.Public()}
	if k.public.ID, err = k.public.Thumbprint(); err != nil {
		return nil, err
	}
	k.id = k.public.ID
	k.signers, err = jose.NewKeys(private, k.id, jose.Expand(k.algorithm)...)
	return k, err
}

// readLines parses the lines before the PEM block.
func (k *key) readLines(text []byte) (err error) {
	lines, _, _ := bytes.Cut(text, []byte("-----BEGIN"))
	for line := range strings.Lines(string(lines)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case lineAlgorithm:
			k.algorithm = jose.Canonical(value)
		case lineCreated:
			k.created, err = time.Parse(time.RFC3339, value)
		case lineActive:
			k.active, err = time.Parse(time.RFC3339, value)
		}
		if err != nil {
			return fmt.Errorf("the line %q does not have a valid time; use one like 2030-05-01T12:00:00Z (RFC 3339)", name)
		}
	}
	return nil
}
