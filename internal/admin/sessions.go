package admin

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

// How long a session lasts, and how many there are.
const (
	sessionIdle = 30 * time.Minute
	sessionLife = 8 * time.Hour
	maxSessions = 100
)

// sessions are the people who have signed in to the console with the admin token. Their ids
// are kept as hashes. When the admin token changes, all sessions end.
type sessions struct {
	token func() string

	mu  sync.Mutex
	all map[[sha256.Size]byte]*session // by the hash of the id
}

type session struct {
	token   [sha256.Size]byte // the hash of the admin token that it was started with
	started time.Time
	used    time.Time
}

func newSessions(token func() string) *sessions {
	return &sessions{token: token, all: map[[sha256.Size]byte]*session{}}
}

// start starts a session and returns its id. If there are too many, it ends the one that was
// not used for the longest time.
func (s *sessions) start() (id string) {
	id = rand.Text() + rand.Text() // 260 bits
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeOld(now)
	s.all[sha256.Sum256([]byte(id))] = &session{sha256.Sum256([]byte(s.token())), now, now}
	return id
}

// removeOld removes sessions that have ended, and makes room for another one.
func (s *sessions) removeOld(now time.Time) {
	var oldest [sha256.Size]byte
	for hash, one := range s.all {
		if !one.lasts(now, s.token()) {
			delete(s.all, hash)
		} else if was, ok := s.all[oldest]; !ok || one.used.Before(was.used) {
			oldest = hash
		}
	}
	if len(s.all) >= maxSessions {
		delete(s.all, oldest)
	}
}

// has reports whether there is a session with this id. The session is then used.
func (s *sessions) has(id string) bool {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[sha256.Sum256([]byte(id))]
	if one == nil || !one.lasts(now, s.token()) {
		return false
	}
	one.used = now
	return true
}

// end ends the session with this id, if there is one.
func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, sha256.Sum256([]byte(id)))
}

// lasts reports whether the session has not ended: by time, or because the admin token is
// another one.
func (s *session) lasts(now time.Time, token string) bool {
	return token != "" && s.token == sha256.Sum256([]byte(token)) && now.Sub(s.used) < sessionIdle && now.Sub(s.started) < sessionLife
}
