package keys

import (
	"errors"
	"slices"
)

// openOwn opens the directory of our keys, if there is one.
func (r *Ring) openOwn() (err error) {
	if r.o.Dir == "" {
		return nil
	}
	if r.dir, err = MakeDir(r.o.Dir); err == nil && r.o.Algorithm != "" {
		err = r.dir.ensure(r.o.Algorithm, r.now())
	}
	if err == nil {
		err = r.readOwn()
	}
	if err != nil {
		return &OptionError{"Dir", err}
	}
	return nil
}

// readOwn takes over what is in the directory now.
func (r *Ring) readOwn() error {
	r.reading.Lock() // so that what was read earlier never replaces what was read later
	defer r.reading.Unlock()
	known := r.ownKeys()
	set, err := r.dir.reread(known)
	if err != nil {
		return err
	}
	for _, k := range set {
		if k.worldReadable() && !slices.ContainsFunc(known, func(old *ownKey) bool { return old.id == k.id }) {
			r.o.Logger.Warn("a signing key can be read by every user of the machine: chmod 600 it", "file", k.path)
		}
	}
	r.own.Store(set)
	return nil
}

func (r *Ring) ownKeys() keySet { return r.own.Load().(keySet) }

func (r *Ring) isOwn(id string) bool { return r.ownKey(id) != nil }

func (r *Ring) ownKey(id string) *ownKey {
	for _, k := range r.ownKeys() {
		if k.id == id {
			return k
		}
	}
	return nil
}

// need makes the keys of ours that a set of the backend's asks for, and that
// are not there.
func (r *Ring) need(set *backendSet) error {
	for _, word := range r.words(set) {
		if err := r.makeOwn(word); err != nil {
			return &OptionError{"Dir", err}
		}
	}
	return nil
}

// words are what keys of ours are to sign: by the setting, or by what the
// backend's keys may be used with.
func (r *Ring) words(set *backendSet) []string {
	if r.dir == nil {
		return nil
	}
	if r.o.Algorithm != "" {
		return []string{r.o.Algorithm}
	}
	words := slices.Clone(r.o.Algorithms)
	if len(words) == 0 {
		for _, k := range set.keys {
			words = append(words, k.word())
		}
	}
	return slices.DeleteFunc(words, func(word string) bool { return slices.Contains(secretAlgorithms, word) })
}

func (r *Ring) makeOwn(algorithm string) error {
	if len(r.ownKeys().of(algorithm)) > 0 {
		return nil
	}
	if err := r.dir.ensure(algorithm, r.now()); err != nil {
		return err
	}
	r.o.Logger.Info("signing key made", "algorithm", algorithm)
	return r.readOwn()
}

const noSigningKey = "no signing key: tokens of its algorithm pass unenriched"

// noticeSet makes the keys that a new set of the backend's needs.
func (r *Ring) noticeSet(set *backendSet) {
	if err := r.matchBackendKey(set); err != nil {
		r.o.Logger.Error("tokens pass unenriched", "error", err)
	}
	if err := r.need(set); err != nil {
		r.o.Logger.Error(noSigningKey, "error", err)
	}
}

// OwnReady reports why keys of our own cannot be used. Before the backend has
// shown which algorithms it signs with there need be none.
func (r *Ring) OwnReady() error {
	set := &backendSet{keys: r.pinned}
	if r.backend != nil {
		set = r.backend.set.Load()
	}
	if set != nil && len(r.words(set)) > 0 && len(r.ownKeys()) == 0 {
		return errors.New("no signing key of our own yet")
	}
	return nil
}

// HasOwn reports whether there is a directory of our own keys, and so a merged
// JWKS.
func (r *Ring) HasOwn() bool { return r.dir != nil }
