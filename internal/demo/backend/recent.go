package backend

import "sync"

// maxRecent bounds the tokens that a backend knows of each kind, because a demonstration may
// run for days.
const maxRecent = 20_000

// recent remembers whose tokens the last maxRecent are. It may be used concurrently.
type recent struct {
	mu    sync.Mutex
	users map[string]string // token → user id
	order []string          // tokens, a ring
	next  int               // where the next token goes in order
}

func newRecent() *recent { return &recent{users: map[string]string{}} }

// add remembers a token, and forgets the oldest if there are too many.
func (r *recent) add(token, user string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.order) < maxRecent {
		r.order = append(r.order, token)
	} else {
		delete(r.users, r.order[r.next])
		r.order[r.next] = token
		r.next = (r.next + 1) % maxRecent
	}
	r.users[token] = user
}

// user returns whose token it is.
func (r *recent) user(token string) (user string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	user, ok = r.users[token]
	return user, ok
}
