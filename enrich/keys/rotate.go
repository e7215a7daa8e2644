package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// A Rotation is one key taking over from another, at Key.Active. Former is zero
// if that was deleted meanwhile.
type Rotation struct {
	Key, Former Info
	// Dropped were to take over later, and are deleted: see [Dir.RotateNow].
	Dropped []Info
}

// errWaiting says that the next key is there already.
var errWaiting = errors.New("a next key is waiting already")

// Rotate makes a next key for an algorithm, or for [AnyRSA]; for every one that
// is signed with, if it is empty. The key is published now and signs after
// [Publication]. It is an error, and nothing is made, where a next key waits.
func (d *Dir) Rotate(algorithm string, now time.Time) ([]Rotation, error) {
	set, words, err := d.toRotate(algorithm, now)
	if err != nil {
		return nil, err
	}
	for _, word := range words {
		if next := set.waiting(word, now); next != nil {
			return nil, fmt.Errorf("%s: %w: %s, which signs from %s", word, errWaiting, next.id, next.active.Format(time.RFC3339))
		}
	}
	return rotateEach(words, now, d.succeed)
}

// RotateNow is [Dir.Rotate] for a key that has leaked: the new key signs at
// once, so clients that cached the JWKS refuse its tokens for up to [MaxAge].
// Next keys that wait are deleted, for who could read the one could read the
// others, and they have signed nothing.
func (d *Dir) RotateNow(algorithm string, now time.Time) ([]Rotation, error) {
	_, words, err := d.toRotate(algorithm, now)
	if err != nil {
		return nil, err
	}
	return rotateEach(words, now, d.replace)
}

// rotateEach stops at the first that fails. It returns those done before, too.
func rotateEach(words []string, now time.Time, rotate func(word string, now time.Time) (Rotation, error)) (done []Rotation, err error) {
	for _, word := range words {
		rotation, err := rotate(word, now)
		if err != nil {
			return done, err
		}
		done = append(done, rotation)
	}
	return done, nil
}

// rotateOld is [Dir.Rotate] for the keys that have signed for longer than age. A
// next key that waits, or that another replica makes meanwhile, is as good.
func (d *Dir) rotateOld(age time.Duration, now time.Time) ([]Rotation, error) {
	set, err := d.read()
	if err != nil {
		return nil, err
	}
	var done []Rotation
	for _, word := range set.words(now) {
		if now.Sub(set.signing(word, now).active) <= age || set.waiting(word, now) != nil {
			continue
		}
		switch rotation, err := d.succeed(word, now); {
		case err == nil:
			done = append(done, rotation)
		case !errors.Is(err, errWaiting) && !errors.Is(err, fs.ErrExist):
			return done, err
		}
	}
	return done, nil
}

// succeed makes the next key of an algorithm. The number of its file is chosen
// before the directory is read, so that of two who do this together one finds
// either the other's key or its name taken.
func (d *Dir) succeed(word string, now time.Time) (Rotation, error) {
	number := d.free(word)
	set, err := d.read()
	if err != nil {
		return Rotation{}, err
	}
	if set.waiting(word, now) != nil {
		return Rotation{}, fmt.Errorf("%s: %w", word, errWaiting)
	}
	former := set.signing(word, now)
	set, own, err := d.add(set, word, now, set.takeover(word, now), number)
	if err != nil {
		return Rotation{}, err
	}
	return Rotation{Key: set.info(own, now), Former: set.info(former, now)}, nil
}

// replace makes a key that signs at once, and deletes those that would take
// over from it.
func (d *Dir) replace(word string, now time.Time) (Rotation, error) {
	number := d.free(word)
	set, err := d.read()
	if err != nil {
		return Rotation{}, err
	}
	former := set.signing(word, now)
	dropped := set.rivals(word).where(func(k *ownKey) bool { return set.state(k, now) == Next })
	kept := set.where(func(k *ownKey) bool { return !slices.Contains(dropped, k) })
	kept, own, err := d.add(kept, word, now, kept.last(word, now), number)
	if err != nil {
		return Rotation{}, err
	}
	rotation := Rotation{Key: kept.info(own, now), Former: kept.info(former, now)}
	for _, k := range dropped {
		if err := k.remove(); err != nil {
			return rotation, fmt.Errorf("the next key %s could not be deleted, and will sign: %w", k.id, err)
		}
		rotation.Dropped = append(rotation.Dropped, set.info(k, now))
	}
	return rotation, nil
}

// toRotate returns the keys and the words that are meant by one, or by none.
func (d *Dir) toRotate(word string, now time.Time) (keySet, []string, error) {
	set, err := d.read()
	if err != nil {
		return nil, nil, err
	}
	if err := set.checkClock(now); err != nil {
		return nil, nil, err
	}
	words := set.words(now)
	switch {
	case word != "" && checkAlgorithm(word) != nil:
		return nil, nil, ErrAlgorithm
	case len(words) == 0:
		return nil, nil, fmt.Errorf("%s has no keys: `tokengraft keys new` makes a first one, and so does `tokengraft serve`", d.path)
	case word == "":
		return set, words, nil
	case !slices.Contains(words, word):
		return nil, nil, fmt.Errorf("%s has no key for %s that signs, only for %s: `tokengraft keys new` makes one", d.path, word, strings.Join(words, ", "))
	}
	return set, []string{word}, nil
}

// words returns the words of the keys that sign, in order.
func (s keySet) words(now time.Time) []string {
	var words []string
	for _, k := range s {
		if s.state(k, now) == Active {
			words = append(words, k.algorithm)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// signing returns the last key of a word that signs.
func (s keySet) signing(word string, now time.Time) *ownKey {
	var signing *ownKey
	for _, k := range s {
		if k.algorithm == word && s.state(k, now) == Active {
			signing = k
		}
	}
	return signing
}

// waiting returns a key that will take over from those of a word, or nil.
func (s keySet) waiting(word string, now time.Time) *ownKey {
	for _, k := range s.rivals(word) {
		if s.state(k, now) == Next {
			return k
		}
	}
	return nil
}

// remove deletes every file that has the key.
func (k *ownKey) remove() error {
	for _, path := range append([]string{k.path}, k.copies...) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
