package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// ErrAlgorithm says that no keys are made for an algorithm.
var ErrAlgorithm = errors.New("no keys are made for this algorithm, want RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA or RSA (all of the first six)")

func checkAlgorithm(word string) error {
	if word != AnyRSA && (methods[word] == nil || slices.Contains(secretAlgorithms, word)) {
		return ErrAlgorithm
	}
	return nil
}

// New makes a key for an algorithm, or for [AnyRSA]. It signs at once if it is
// the first of its algorithm, and else after [Publication]. The error is
// [ErrAlgorithm] if there is no such algorithm.
func (d *Dir) New(algorithm string, now time.Time) (Info, error) {
	if err := checkAlgorithm(algorithm); err != nil {
		return Info{}, err
	}
	set, err := d.read()
	if err != nil {
		return Info{}, err
	}
	set, own, err := d.add(set, algorithm, now, set.takeover(algorithm, now), d.free(algorithm))
	if err != nil {
		return Info{}, err
	}
	return set.info(own, now), nil
}

// ensure makes a first key for an algorithm that has none. Of two replicas that
// do so together one makes it, and the other finds it made.
func (d *Dir) ensure(algorithm string, now time.Time) error {
	set, err := d.read()
	if err != nil || len(set.of(algorithm)) > 0 {
		return err
	}
	_, err = d.write(algorithm, now, set.takeover(algorithm, now), 1)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if set, readErr := d.read(); readErr != nil || len(set.of(algorithm)) > 0 {
		return readErr
	}
	return fmt.Errorf("no key for %s, and none can be made: %w", algorithm, err)
}

// takeover is from when a further key signs: when it has been published, if it
// takes over from any, and else now.
func (s keySet) takeover(word string, now time.Time) time.Time {
	if len(s.rivals(word)) > 0 {
		now = now.Add(Publication)
	}
	return s.last(word, now)
}

// last is the first instant, from the earliest on, that makes a further key the
// last to take over: two of one instant would not agree on who signs.
func (s keySet) last(word string, earliest time.Time) time.Time {
	active := earliest
	if rivals := s.rivals(word); len(rivals) > 0 && !active.After(rivals[len(rivals)-1].active) {
		active = rivals[len(rivals)-1].active.Add(1)
	}
	return active
}

// add makes a key. It returns it and the set with it.
func (d *Dir) add(set keySet, algorithm string, created, active time.Time, number int) (keySet, *ownKey, error) {
	path, err := d.write(algorithm, created, active, number)
	if err != nil {
		return nil, nil, err
	}
	own, err := readFile(path)
	if err != nil {
		return nil, nil, err
	}
	return append(slices.Clip(set), own), own, nil
}

// free returns the first number that no key file of the algorithm has. Files
// may have been deleted, and keys of another origin have other names. Where
// names cannot be asked for, writing says why.
func (d *Dir) free(algorithm string) int {
	for number := 1; ; number++ {
		if _, err := os.Lstat(d.name(algorithm, number)); err != nil {
			return number
		}
	}
}

func (d *Dir) name(algorithm string, number int) string {
	return filepath.Join(d.path, fmt.Sprintf("%s-%d.pem", algorithm, number))
}

// write makes a key and its file. The file appears whole or not at all, and
// never in place of another: a link, unlike a rename, fails if its name is
// taken.
func (d *Dir) write(algorithm string, created, active time.Time, number int) (path string, err error) {
	file, err := d.temporary() // first, because making a key takes long
	if err != nil {
		return "", fmt.Errorf("no key for %s, and none can be made: %w", algorithm, err)
	}
	defer os.Remove(file.Name())
	text, err := newFile(algorithm, created, active)
	if err == nil {
		_, err = file.Write(text)
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", fmt.Errorf("no key for %s, its file cannot be written: %w", algorithm, err)
	}
	path = d.name(algorithm, number)
	if err := publish(file.Name(), path, text); err != nil {
		return "", fmt.Errorf("no key for %s, its file cannot be written: %w", algorithm, err)
	}
	return path, nil
}

// temporary makes a file that is no key file yet, of mode 0600.
func (d *Dir) temporary() (*os.File, error) {
	if err := d.writable(); err != nil {
		return nil, err
	}
	return os.CreateTemp(d.path, ".new-*")
}

// publish gives a file its name, if that is free.
func publish(file, path string, text []byte) error {
	err := os.Link(file, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// A file system without hard links. For a moment the file is not whole: a
	// replica that reads it then keeps the keys it knows, or is started again.
	named, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = named.Write(text)
	if err = errors.Join(err, named.Sync(), named.Close()); err != nil {
		os.Remove(path) // half a key would keep every replica from starting
	}
	return err
}
