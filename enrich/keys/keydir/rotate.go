package keydir

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// A Rotation says that Key takes over from Former at Key.Active. Former is zero if it
// was deleted meanwhile.
type Rotation struct {
	Key, Former Info
	// Dropped are next keys that were deleted: see [Dir.RotateNow].
	Dropped []Info
}

// errWaiting says that the next key is there already.
var errWaiting = errors.New("a next key is waiting already")

// Rotate makes a next key for an algorithm, or for [AnyRSA]. An empty algorithm means
// every algorithm that has an active key. The key is published now and signs after
// [Publication]. While a next key is waiting, Rotate fails and makes nothing.
func (d *Dir) Rotate(algorithm string, now time.Time) ([]Rotation, error) {
	keys, algorithms, err := d.toRotate(algorithm, now)
	if err != nil {
		return nil, err
	}
	for _, algorithm := range algorithms {
		if next := keys.next(algorithm, now); next != nil {
			return nil, fmt.Errorf("%s: %w: %s, which signs from %s", algorithm, errWaiting, next.id, next.active.Format(time.RFC3339))
		}
	}
	return rotateEach(algorithms, now, d.addNext)
}

// RotateNow is [Dir.Rotate] for a key that has leaked: the new key signs at
// once, so clients that cached the JWK Set refuse its tokens for up to [MaxAge].
// Waiting next keys are deleted: they may have leaked with it, and have signed
// no tokens yet.
func (d *Dir) RotateNow(algorithm string, now time.Time) ([]Rotation, error) {
	_, algorithms, err := d.toRotate(algorithm, now)
	if err != nil {
		return nil, err
	}
	return rotateEach(algorithms, now, d.replace)
}

// RotateDue is [Dir.Rotate] for the keys that have signed for longer than age. It is
// not an error if a next key is waiting already, or another replica makes it
// meanwhile.
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
		case !errors.Is(err, errWaiting) && !errors.Is(err, fs.ErrExist):
			return done, err
		}
	}
	return done, nil
}

// rotateEach stops at the first failure. It returns the rotations before it too.
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

// addNext makes the next key of an algorithm. The number of its file is chosen
// before the directory is read, so that of two who do this together one finds
// either the other's key or its name taken.
func (d *Dir) addNext(algorithm string, now time.Time) (Rotation, error) {
	number := d.freeNumber(algorithm)
	keys, err := d.read()
	if err != nil {
		return Rotation{}, err
	}
	if keys.next(algorithm, now) != nil {
		return Rotation{}, fmt.Errorf("%s: %w", algorithm, errWaiting)
	}
	former := keys.current(algorithm, now)
	keys, made, err := d.add(keys, algorithm, now, keys.activation(algorithm, now), number)
	if err != nil {
		return Rotation{}, err
	}
	return Rotation{Key: keys.info(made, now), Former: keys.info(former, now)}, nil
}

// replace makes a key that signs at once, and deletes the keys that would take
// over from it.
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
			return rotation, fmt.Errorf("the next key %s cannot be deleted, and will sign: %w", k.id, err)
		}
		rotation.Dropped = append(rotation.Dropped, keys.info(k, now))
	}
	return rotation, nil
}

// toRotate returns the keys, and which algorithms to rotate: the one asked for,
// or all that have an active key.
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
		return nil, nil, fmt.Errorf("%s has no keys: `tokengraft keys new` makes a first one, and so does `tokengraft serve`", d.path)
	case algorithm == "":
		return keys, active, nil
	case !slices.Contains(active, algorithm):
		return nil, nil, fmt.Errorf("%s has no key for %s that is active, only for %s: `tokengraft keys new` makes one", d.path, algorithm, strings.Join(active, ", "))
	}
	return keys, []string{algorithm}, nil
}
