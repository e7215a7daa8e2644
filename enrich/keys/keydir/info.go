package keydir

import (
	"cmp"
	"slices"
	"time"
)

// Info describes one key.
type Info struct {
	ID        string // kid
	Algorithm string // or AnyRSA
	State     State
	Active    time.Time // when the key starts to sign; zero if it has always been active
	// SignsUntil is when other keys take over, or took over. It is zero if no key
	// takes over or the time is not known.
	SignsUntil time.Time
	Path       string
	// WorldReadable means that every user of the machine can read the file.
	WorldReadable bool
}

// NeededUntil returns how long the key is published and must be kept, if no token
// lives longer than retireAfter. It is the zero time if that is not known.
func (i Info) NeededUntil(retireAfter time.Duration) time.Time {
	return neededUntil(i.SignsUntil, retireAfter)
}

// info describes a key. It returns the zero Info for nil.
func (l keyList) info(k *key, now time.Time) Info {
	if k == nil {
		return Info{}
	}
	return Info{
		ID: k.id, Algorithm: k.algorithm, State: l.state(k, now), Active: k.active, SignsUntil: l.signsUntil(k),
		Path: k.path, WorldReadable: k.isWorldReadable(),
	}
}

// list describes all keys, sorted by algorithm and then from oldest to newest.
func (l keyList) list(now time.Time) []Info {
	var infos []Info
	for _, k := range l {
		infos = append(infos, l.info(k, now))
	}
	slices.SortStableFunc(infos, func(a, b Info) int { return cmp.Compare(a.Algorithm, b.Algorithm) })
	return infos
}
