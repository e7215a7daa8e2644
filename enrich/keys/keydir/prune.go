package keydir

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Pruning says which retired keys [Dir.Prune] deletes.
type Pruning struct {
	// RetireAfter is the longest lifetime of a token. Prune keeps a key that may
	// have signed a token that has not expired. Zero means [DefaultRetireAfter].
	RetireAfter time.Duration
	// IDs are the kids of the retired keys to delete, whatever their age. Empty
	// means all that RetireAfter allows.
	IDs []string
	// DryRun means that Prune reports what it would delete, but deletes nothing.
	DryRun bool
}

// Prune deletes retired keys. Tokens that they signed can no longer be verified or
// restored. It returns the keys that it deleted, or would delete, and those that it
// kept. If one of the IDs is not the kid of a retired key, it fails and deletes
// nothing.
func (d *Dir) Prune(p Pruning, now time.Time) (deleted, kept []Info, err error) {
	keys, err := d.read()
	if err != nil {
		return nil, nil, err
	}
	if err := errors.Join(keys.checkClock(now), keys.checkRetired(p.IDs, now)); err != nil {
		return nil, nil, err
	}
	if !p.DryRun {
		if err := d.checkWritable(); err != nil {
			return nil, nil, err
		}
	}
	for _, k := range keys {
		info := keys.info(k, now)
		if !p.selects(keys, k, now) {
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

func (p Pruning) selects(keys keyList, k *key, now time.Time) bool {
	if len(p.IDs) > 0 {
		return slices.Contains(p.IDs, k.id)
	}
	return keys.isUnneeded(k, now, cmp.Or(p.RetireAfter, DefaultRetireAfter))
}

func (l keyList) checkRetired(ids []string, now time.Time) error {
	for _, id := range ids {
		k := l.byID(id)
		switch {
		case k == nil:
			return fmt.Errorf("there is no key %s. `tokengraft keys list` shows all keys", id)
		case l.state(k, now) != Retired:
			return fmt.Errorf("key %s is %s, but only a retired key can be deleted. `tokengraft keys rotate --now` replaces it", id, l.state(k, now))
		}
	}
	return nil
}
