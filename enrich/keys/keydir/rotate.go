package keydir

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
)

// A Rotation says that Key takes over from Former at Key.Active. Former is the zero
// Info if that key was deleted in the meantime.
type Rotation struct {
	Key, Former Info
	// Dropped are the next keys that [Dir.RotateNow] deleted.
	Dropped []Info
}

// errNextExists means that the algorithm has a next key already.
var errNextExists = errors.New("there is a next key already")

// Rotate makes a next key for an algorithm, or for [AnyRSA]. An empty algorithm
// means every algorithm that has an active key. The key is published at once and
// signs after [Publication]. If an algorithm has a next key already, Rotate fails
// and makes nothing.
func (d *Dir) Rotate(algorithm string, now time.Time) ([]Rotation, error) {
	keys, algorithms, err := d.toRotate(jose.Canonical(algorithm), now)
	if err != nil {
		return nil, err
	}
	for _, algorithm := range algorithms {
		if next := keys.next(algorithm, now); next != nil {
			return nil, fmt.Errorf("%s: %w: %s, which starts to sign at %s", algorithm, errNextExists, next.id, next.active.Format(time.RFC3339))
		}
	}
	return rotateEach(algorithms, now, d.addNext)
}

// RotateNow is like [Dir.Rotate], for a key that has leaked. The new key signs at
// once, so clients that cached the JWK Set refuse its tokens for up to [MaxAge].
// RotateNow deletes next keys: they may have leaked too, and have not signed any
// tokens yet.
func (d *Dir) RotateNow(algorithm string, now time.Time) ([]Rotation, error) {
	_, algorithms, err := d.toRotate(jose.Canonical(algorithm), now)
	if err != nil {
		return nil, err
	}
	return rotateEach(algorithms, now, d.replace)
}

// RotateDue is like [Dir.Rotate], for all keys that have signed for longer than age.
// It is not an error if there is a next key already, or if another replica makes it
// at the same time.
func (d *Dir) RotateDue(age time.Duration, now time.Time) ([]Rotation, error) {
	keys, err := d.read()
	if err != nil {
		return nil, err
	}
	var done []Rotation
	for _, algorithm := range keys.activeAlgorithms(now) {
		if now.Sub(keys.current(algorithm, now).active) <= age || keys.next(algorithm, now) != nil {
			continue
		}
		switch rotation, err := d.addNext(algorithm, now); {
		case err == nil:
			done = append(done, rotation)
		case !errors.Is(err, errNextExists) && !errors.Is(err, fs.ErrExist):
			return done, err
		}
	}
	return done, nil
}

// rotateEach rotates each algorithm and stops at the first failure. It returns the
// rotations before the failure too.
func rotateEach(algorithms []string, now time.Time, rotate func(algorithm string, now time.Time) (Rotation, error)) (done []Rotation, err error) {
	for _, algorithm := range algorithms {
		rotation, err := rotate(algorithm, now)
		if err != nil {
			return done, err
		}
		done = append(done, rotation)
	}
	return done, nil
}

// addNext makes the next key of an algorithm. It chooses the number of the file
// before it reads the directory. So if two replicas do this at once, one of them
// finds the key of the other, or the file name taken.
func (d *Dir) addNext(algorithm string, now time.Time) (Rotation, error) {
	number := d.freeNumber(algorithm)
	keys, err := d.read()
	if err != nil {
		return Rotation{}, err
	}
	if keys.next(algorithm, now) != nil {
		return Rotation{}, fmt.Errorf("%s: %w", algorithm, errNextExists)
	}
	former := keys.current(algorithm, now)
	keys, made, err := d.add(keys, algorithm, now, keys.activation(algorithm, now), number)
	if err != nil {
		return Rotation{}, err
	}
	return Rotation{Key: keys.info(made, now), Former: keys.info(former, now)}, nil
}

// replace makes a key that signs at once, and deletes next keys that would take over
// from it.
func (d *Dir) replace(algorithm string, now time.Time) (Rotation, error) {
	number := d.freeNumber(algorithm)
	keys, err := d.read()
	if err != nil {
		return Rotation{}, err
	}
	former := keys.current(algorithm, now)
	dropped := keys.overlapping(algorithm).filter(func(k *key) bool { return keys.state(k, now) == Next })
	kept := keys.filter(func(k *key) bool { return !slices.Contains(dropped, k) })
	kept, made, err := d.add(kept, algorithm, now, kept.afterLast(algorithm, now), number)
	if err != nil {
		return Rotation{}, err
	}
	rotation := Rotation{Key: kept.info(made, now), Former: kept.info(former, now)}
	for _, k := range dropped {
		if err := k.remove(); err != nil {
			return rotation, fmt.Errorf("cannot delete the next key %s, so it will sign later: %w", k.id, err)
		}
		rotation.Dropped = append(rotation.Dropped, keys.info(k, now))
	}
	return rotation, nil
}

// toRotate returns the keys, and the algorithms to rotate: the given one, or all
// that have an active key.
func (d *Dir) toRotate(algorithm string, now time.Time) (keyList, []string, error) {
	keys, err := d.read()
	if err != nil {
		return nil, nil, err
	}
	if err := keys.checkClock(now); err != nil {
		return nil, nil, err
	}
	active := keys.activeAlgorithms(now)
	switch {
	case algorithm != "" && checkAlgorithm(algorithm) != nil:
		return nil, nil, ErrAlgorithm
	case len(active) == 0:
		return nil, nil, fmt.Errorf("there are no keys in %s. `tokengraft keys new` makes the first one, and so does `tokengraft serve`", d.path)
	case algorithm == "":
		return keys, active, nil
	case !slices.Contains(active, algorithm):
		return nil, nil, fmt.Errorf("there is no active key for %s in %s, only for %s. `tokengraft keys new` makes one", algorithm, d.path, strings.Join(active, ", "))
	}
	return keys, []string{algorithm}, nil
}
