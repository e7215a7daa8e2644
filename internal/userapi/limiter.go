package userapi

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// A Limiter bounds how many requests each user may send in a minute. A user who has sent
// none for a minute may send all of them at once. It is safe for concurrent use.
//
// It remembers maxUsers users, in less than 1 MiB. If there are more, it forgets the one of
// a few who has used least, who then may start again. It does not refuse users instead: by
// that, many accounts could keep others out. So who wants more requests than their number
// needs that many accounts, all of them active, and has their requests anyway.
type Limiter struct {
	interval time.Duration // between two requests, in the long run
	seed     maphash.Seed  // so that no user can choose whose place they have

	mu sync.Mutex
	// idle says for each user when they will have all their requests again. Users are
	// known by a hash, which bounds the memory that their ids take.
	idle map[uint64]time.Time
}

// maxUsers is how many users a Limiter remembers.
const maxUsers = 1 << 14

// NewLimiter returns a Limiter that allows so many requests per minute, at least 1.
func NewLimiter(perMinute int) *Limiter {
	return &Limiter{interval: time.Minute / time.Duration(max(1, perMinute)), seed: maphash.MakeSeed(), idle: map[uint64]time.Time{}}
}

// Allow counts a request of a user. If it is one too many, it returns false and does not
// count it; the user may send the next one after retryAfter.
func (l *Limiter) Allow(user enrich.User) (retryAfter time.Duration, ok bool) {
	key, now := maphash.Comparable(l.seed, user), time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	idle, known := l.idle[key]
	if idle.Before(now) {
		idle = now
	}
	idle = idle.Add(l.interval)
	if wait := idle.Sub(now) - time.Minute; wait > 0 {
		return wait, false
	}
	if !known && len(l.idle) >= maxUsers {
		l.forget()
	}
	l.idle[key] = idle
	return 0, true
}

// sample is how many users forget looks at.
const sample = 8

// forget removes the one of a few users who has used least. Which users they are is random,
// as the order of a map is.
func (l *Limiter) forget() {
	var least uint64
	seen := 0
	for key, idle := range l.idle {
		if seen == 0 || idle.Before(l.idle[least]) {
			least = key
		}
		if seen++; seen == sample {
			break
		}
	}
	delete(l.idle, least)
}
