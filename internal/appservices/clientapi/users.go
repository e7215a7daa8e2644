package clientapi

import (
	"sync"

	"github.com/tokengraft/tokengraft/enrich"
)

// maxCalls is how many calls of one user run or wait at a time. It is half of the turns that
// the sidecar has for calls, so that one user cannot take them all with slow queries.
const maxCalls = 16

// callsOfUsers counts the calls that run or wait.
type callsOfUsers struct {
	mu sync.Mutex
	of map[enrich.User]int // of those who have a call
}

// enter counts a call of a user. It returns false if they have too many. The caller calls
// leave when the call has ended.
func (c *callsOfUsers) enter(user enrich.User) (leave func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[user] == maxCalls {
		return nil, false
	}
	c.of[user]++
	return func() { c.leave(user) }, true
}

func (c *callsOfUsers) leave(user enrich.User) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[user]--; c.of[user] == 0 {
		delete(c.of, user)
	}
}
