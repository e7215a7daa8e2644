package keydir

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/permissions"
)

// A Dir is a directory of private keys that replicas may share. It keeps nothing in
// memory: every method reads the directory.
type Dir struct{ path string }

// Open returns the directory at path. The error wraps [fs.ErrNotExist] if there
// is none.
func Open(path string) (*Dir, error) {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a directory", path)
	}
	if err != nil {
		return nil, fmt.Errorf("key directory: %w", err)
	}
	return &Dir{path: path}, nil
}

// Create is like [Open], but makes the directory if it is missing, with mode 0700.
func Create(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("key directory: %w", err)
	}
	return Open(path)
}

// List describes all keys, sorted by algorithm and then from oldest to newest.
func (d *Dir) List(now time.Time) ([]Info, error) {
	keys, err := d.read()
	return keys.list(now), err
}

// JWKS returns the public halves of the published keys as a JWK Set (RFC 7517,
// section 5). Retired keys are published for retireAfter.
func (d *Dir) JWKS(now time.Time, retireAfter time.Duration) ([]byte, error) {
	keys, err := d.read()
	if err != nil {
		return nil, err
	}
	return Set{keys}.JWKS(now, retireAfter)
}

// Load reads all keys. It skips files that have not changed since known was
// loaded, because a caller that loads every few seconds must not parse every RSA
// key each time.
func (d *Dir) Load(known Set) (Set, error) {
	keys, err := d.reread(known.keys)
	return Set{keys}, err
}

// read reads all key files. It fails if one of them cannot be read: that may be the
// only key that restores some tokens, so a new key must not replace it (law E2). It
// also fails if others could have put a key there.
func (d *Dir) read() (keyList, error) { return d.reread(nil) }

func (d *Dir) reread(known keyList) (keyList, error) {
	paths, err := d.files()
	if err != nil {
		return nil, err
	}
	byID := map[string]*key{}
	for _, path := range paths {
		k, err := known.readFile(path)
		switch {
		case err != nil && isGone(path):
			// It was deleted after the directory was read.
		case err != nil:
			return nil, fmt.Errorf("cannot read a signing key: %w", err)
		case byID[k.id] != nil: // the same key in a second file
			byID[k.id].copies = append(byID[k.id].copies, path)
		default:
			byID[k.id] = k
		}
	}
	return slices.SortedFunc(maps.Values(byID), func(a, b *key) int {
		return cmp.Or(a.active.Compare(b.active), cmp.Compare(a.path, b.path))
	}), nil
}

// isGone reports whether there is no file of this name. A broken link is not gone:
// it is a key that cannot be read.
func isGone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// files returns the paths of the key files: *.pem and *.key.
func (d *Dir) files() ([]string, error) {
	info, err := os.Stat(d.path)
	if err == nil {
		err = permissions.CheckDir(d.path, info)
	}
	if err != nil {
		return nil, fmt.Errorf("key directory: %w", err)
	}
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, fmt.Errorf("key directory: %w", err)
	}
	var paths []string
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, ".") && (strings.HasSuffix(name, ".pem") || strings.HasSuffix(name, ".key")) {
			paths = append(paths, filepath.Join(d.path, name))
		}
	}
	return paths, nil
}
