package keydir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
)

// AnyRSA is the algorithm of keys that sign with every RSA algorithm. Their JWKs
// have no alg (RFC 7517, section 4.4). It is for a backend whose RSA key does not
// say its algorithm, so that only its tokens show which ones it uses.
const AnyRSA = jose.AnyRSA

// ErrAlgorithm means that there are no signing keys for an algorithm.
var ErrAlgorithm = errors.New("cannot make a key for this algorithm; use RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519 (another name of EdDSA) or RSA (all of the first six)")

// checkAlgorithm returns [ErrAlgorithm] unless keys can be made for an algorithm.
func checkAlgorithm(algorithm string) error {
	if algorithm != AnyRSA && (!jose.IsSupported(algorithm) || jose.IsSecret(algorithm)) {
		return ErrAlgorithm
	}
	return nil
}

// New makes a key for an algorithm, or for [AnyRSA]. The first key for an algorithm
// signs at once; any other signs after [Publication]. The error is [ErrAlgorithm]
// if the algorithm is not supported.
func (d *Dir) New(algorithm string, now time.Time) (Info, error) {
	if err := checkAlgorithm(algorithm); err != nil {
		return Info{}, err
	}
	algorithm = jose.Canonical(algorithm)
	keys, err := d.read()
	if err != nil {
		return Info{}, err
	}
	keys, made, err := d.add(keys, algorithm, now, keys.activation(algorithm, now), d.freeNumber(algorithm))
	if err != nil {
		return Info{}, err
	}
	return keys.info(made, now), nil
}

// Ensure makes the first key for an algorithm if there is none, and reports whether
// it made one. If two replicas call it at once, one makes the key and the other
// finds it.
func (d *Dir) Ensure(algorithm string, now time.Time) (made bool, err error) {
	algorithm = jose.Canonical(algorithm)
	keys, err := d.read()
	if err != nil || len(keys.signing(algorithm)) > 0 {
		return false, err
	}
	_, err = d.write(algorithm, now, keys.activation(algorithm, now), 1)
	if !errors.Is(err, fs.ErrExist) {
		return err == nil, err
	}
	if keys, readErr := d.read(); readErr != nil || len(keys.signing(algorithm)) > 0 {
		return false, readErr
	}
	return false, fmt.Errorf("there is no key for %s, and one cannot be made: %w", algorithm, err)
}

// activation returns when a new key starts to sign: now if it is the first, and
// after Publication if it takes over from another key.
func (l keyList) activation(algorithm string, now time.Time) time.Time {
	if len(l.overlapping(algorithm)) > 0 {
		now = now.Add(Publication)
	}
	return l.afterLast(algorithm, now)
}

// afterLast returns the first time, not before earliest, that is later than the
// start of every other key. If two keys started at the same time, it would not be
// clear which of them signs.
func (l keyList) afterLast(algorithm string, earliest time.Time) time.Time {
	active := earliest
	if overlapping := l.overlapping(algorithm); len(overlapping) > 0 && !active.After(overlapping[len(overlapping)-1].active) {
		active = overlapping[len(overlapping)-1].active.Add(1)
	}
	return active
}

// add makes a key. It returns the key, and a list of the keys that contains it.
func (d *Dir) add(keys keyList, algorithm string, created, active time.Time, number int) (keyList, *key, error) {
	path, err := d.write(algorithm, created, active, number)
	if err != nil {
		return nil, nil, err
	}
	made, err := keyList(nil).readFile(path)
	if err != nil {
		return nil, nil, err
	}
	return append(slices.Clip(keys), made), made, nil
}

// freeNumber returns the first number that no key file of the algorithm has. If the
// directory cannot be searched, write will report why.
func (d *Dir) freeNumber(algorithm string) int {
	for number := 1; ; number++ {
		if _, err := os.Lstat(d.name(algorithm, number)); err != nil {
			return number
		}
	}
}

func (d *Dir) name(algorithm string, number int) string {
	return filepath.Join(d.path, fmt.Sprintf("%s-%d.pem", algorithm, number))
}

// write makes a key and its file. The file appears complete or not at all, and
// never replaces another: unlike a rename, a link fails if the name is taken.
func (d *Dir) write(algorithm string, created, active time.Time, number int) (path string, err error) {
	file, err := d.createTemp() // first, because making a key takes long
	if err != nil {
		return "", fmt.Errorf("cannot make a key for %s: %w", algorithm, err)
	}
	defer os.Remove(file.Name())
	text, err := newFile(algorithm, created, active)
	if err == nil {
		_, err = file.Write(text)
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", fmt.Errorf("cannot write the file of a key for %s: %w", algorithm, err)
	}
	path = d.name(algorithm, number)
	if err := d.explainWrite(publish(file.Name(), path, text)); err != nil {
		return "", fmt.Errorf("cannot write the file of a key for %s: %w", algorithm, err)
	}
	return path, nil
}

// createTemp makes a file of mode 0600 whose name is not that of a key file.
func (d *Dir) createTemp() (*os.File, error) {
	if err := d.checkWritable(); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(d.path, ".new-*")
	return file, d.explainWrite(err)
}

// publish gives a file its final name. It fails if the name is taken.
func publish(file, path string, text []byte) error {
	err := os.Link(file, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// The file system has no hard links. For a moment the file is incomplete. A
	// replica that reads it then keeps the keys it knows, or fails to start and is
	// restarted.
	named, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = named.Write(text)
	if err = errors.Join(err, named.Sync(), named.Close()); err != nil {
		os.Remove(path) // no replica could start with an incomplete key
	}
	return err
}
