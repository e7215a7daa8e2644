package keys

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
	"syscall"
	"time"
)

// A Dir is a directory of private keys, shared by all replicas. It has no state
// of its own.
type Dir struct{ path string }

// OpenDir returns the directory at path.
func OpenDir(path string) (*Dir, error) {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no directory", path)
	}
	if err != nil {
		return nil, fmt.Errorf("key directory: %w", err)
	}
	return &Dir{path: path}, nil
}

// MakeDir is [OpenDir], but makes a directory that is missing.
func MakeDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("key directory: %w", err)
	}
	return OpenDir(path)
}

// Info describes one key.
type Info struct {
	ID        string // kid
	Algorithm string // or AnyRSA
	State     State
	Active    time.Time // from when it signs; zero: from ever
	// SignsUntil is when others take its place, or took it. Zero: none does, or
	// nobody knows when.
	SignsUntil time.Time
	Path       string
	// WorldReadable says that every user of the machine can read the file.
	WorldReadable bool
}

// NeededUntil is how long a key is published, and to be kept, if no token lives
// longer than retireAfter (sign.retire_after). Zero: nobody knows.
func (i Info) NeededUntil(retireAfter time.Duration) time.Time {
	return neededUntil(i.SignsUntil, retireAfter)
}

// info describes a key; nil is nothing.
func (s keySet) info(k *ownKey, now time.Time) Info {
	if k == nil {
		return Info{}
	}
	return Info{
		ID: k.id, Algorithm: k.algorithm, State: s.state(k, now), Active: k.active, SignsUntil: s.signsUntil(k),
		Path: k.path, WorldReadable: k.worldReadable(),
	}
}

// List describes every key, by algorithm and then from the oldest on.
func (d *Dir) List(now time.Time) ([]Info, error) {
	set, err := d.read()
	if err != nil {
		return nil, err
	}
	var infos []Info
	for _, k := range set {
		infos = append(infos, set.info(k, now))
	}
	slices.SortStableFunc(infos, func(a, b Info) int { return cmp.Compare(a.Algorithm, b.Algorithm) })
	return infos, nil
}

// JWKS returns the public halves of the keys that are published, as a JWK Set
// (RFC 7517, section 5). Retired ones are for retireAfter.
func (d *Dir) JWKS(now time.Time, retireAfter time.Duration) ([]byte, error) {
	set, err := d.read()
	if err != nil {
		return nil, err
	}
	published, err := set.published(now, retireAfter)
	return encodeSet(published), err
}

// read reads every key file. One that cannot be read is an error: a key of ours
// may have signed tokens that only it restores, and is never made anew.
func (d *Dir) read() (keySet, error) { return d.reread(nil) }

// reread is read, but what is known of a file that has not changed is not read
// again: years of RSA keys, every two seconds, would be felt.
func (d *Dir) reread(known keySet) (keySet, error) {
	paths, err := d.files()
	if err != nil {
		return nil, err
	}
	byID := map[string]*ownKey{}
	for _, path := range paths {
		own, err := known.readFile(path)
		switch {
		case err != nil && isGone(path):
			// It was deleted since the directory was read.
		case err != nil:
			return nil, fmt.Errorf("signing key: %w", err)
		case byID[own.id] != nil: // a copy of a key is no further key
			byID[own.id].copies = append(byID[own.id].copies, path)
		default:
			byID[own.id] = own
		}
	}
	return slices.SortedFunc(maps.Values(byID), func(a, b *ownKey) int {
		return cmp.Or(a.active.Compare(b.active), cmp.Compare(a.path, b.path))
	}), nil
}

// isGone reports whether nothing has this name. A link to nowhere is something:
// a key that cannot be read.
func isGone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// files returns the paths of the key files: *.pem, and *.key.
func (d *Dir) files() ([]string, error) {
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

// writable reports why nothing is to be written to the directory. One that
// nobody has leave to write to is left alone, by root too (law E2).
func (d *Dir) writable() error {
	info, err := os.Stat(d.path)
	if err == nil && info.Mode().Perm()&0o222 == 0 {
		err = &fs.PathError{Op: "write", Path: d.path, Err: syscall.EROFS}
	}
	return err
}

// isReadOnly reports whether an error says that there is no leave to write.
func isReadOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}
