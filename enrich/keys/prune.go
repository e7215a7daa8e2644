package keys

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Pruning says which retired keys are deleted.
type Pruning struct {
	// RetireAfter is sign.retire_after: no key is deleted that may have signed a
	// token younger than that.
	RetireAfter time.Duration
	// IDs, if there are any, are the kids to delete instead, of retired keys of
	// any age.
	IDs []string
	// DryRun deletes nothing.
	DryRun bool
}

// Prune deletes retired keys. Their tokens verify and restore no more. It
// returns what it deleted, or would, and what it kept. A kid that is not a
// retired key's is an error, and nothing is deleted.
func (d *Dir) Prune(p Pruning, now time.Time) (deleted, kept []Info, err error) {
	set, err := d.read()
	if err != nil {
		return nil, nil, err
	}
	if err := errors.Join(set.checkClock(now), set.checkRetired(p.IDs, now)); err != nil {
		return nil, nil, err
	}
	if !p.DryRun {
		if err := d.writable(); err != nil {
			return nil, nil, err
		}
	}
	for _, k := range set {
		info := set.info(k, now)
		if !p.wants(set, k, now) {
			kept = append(kept, info)
			continue
		}
		if !p.DryRun {
			if err := k.remove(); err != nil {
				return deleted, kept, err
			}
		}
		deleted = append(deleted, info)
	}
	return deleted, kept, nil
}

func (p Pruning) wants(set keySet, k *ownKey, now time.Time) bool {
	if len(p.IDs) > 0 {
		return slices.Contains(p.IDs, k.id)
	}
	return set.dispensable(k, now, p.RetireAfter)
}

func (s keySet) checkRetired(ids []string, now time.Time) error {
	for _, id := range ids {
		i := slices.IndexFunc(s, func(k *ownKey) bool { return k.id == id })
		switch {
		case i < 0:
			return fmt.Errorf("there is no key %s", id)
		case s.state(s[i], now) != Retired:
			return fmt.Errorf("key %s is %s, and only retired keys are deleted: `tokengraft keys rotate --now` puts another in its place", id, s.state(s[i], now))
		}
	}
	return nil
}
