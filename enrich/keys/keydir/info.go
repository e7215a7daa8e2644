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
	Active    time.Time // when it starts to sign; zero if it always has
	// SignsUntil is when other keys take over, or took over. It is zero if none does
	// or the time is not known.
	SignsUntil time.Time
	Path       string
	// WorldReadable says that every user of the machine can read the file.
	WorldReadable bool
}

// NeededUntil returns until when a key is published, and must be kept, if no token
// lives longer than retireAfter. It is zero if the time is not known.
func (i Info) NeededUntil(retireAfter time.Duration) time.Time {
	return neededUntil(i.SignsUntil, retireAfter)
}

// info describes a key; nil is an empty Info.
func (l keyList) info(k *key, now time.Time) Info {
	if k == nil {
		return Info{}
	}
	return Info{
		ID: k.id, Algorithm: k.algorithm, State: l.state(k, now), Active: k.active, SignsUntil: l.signsUntil(k),
		Path: k.path, WorldReadable: k.isWorldReadable(),
	}
}

// list describes every key, by algorithm and then from the oldest on.
func (l keyList) list(now time.Time) []Info {
	var infos []Info
	for _, k := range l {
		infos = append(infos, l.info(k, now))
	}
	slices.SortStableFunc(infos, func(a, b Info) int { return cmp.Compare(a.Algorithm, b.Algorithm) })
	return infos
}
