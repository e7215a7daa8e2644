package simulation_test

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// A collection holds the users' documents as MongoDB does, their history, and the
// outages.
type collection struct {
	mu       sync.Mutex
	writes   int                  // number of writes; guarded by mu
	versions map[string][]version // of each user, in the order of their numbers; guarded by mu
	events   []event              // the change stream; guarded by mu
	outages  []outage             // guarded by mu
}

// A version is a user's document after one write.
type version struct {
	number int    // of the write; every write has its own
	id     string // of the document; empty if there is none
}

// An event is the change stream's event for a write: the _id and user ids.
type event []string

// An outage makes reads fail, at once or after their timeout.
type outage struct {
	from, to time.Time
	hangs    bool
}

// newCollection returns a collection with a document for every user but the first.
func newCollection(users []string) *collection {
	c := &collection{versions: make(map[string][]version)}
	for n, user := range users {
		c.versions[user] = []version{{}}
		if n > 0 {
			c.writes++
			c.versions[user] = []version{{c.writes, fmt.Sprintf("id%d", c.writes)}}
		}
	}
	return c
}

// write writes a user's document and returns the number of the write. It inserts a
// missing document. An existing one it updates in most cases; sometimes it deletes the
// document, or gives it to a user who has none.
func (c *collection) write(d *random, user string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	before := c.now(user)
	switch {
	case before.id == "":
		id := fmt.Sprintf("id%d", c.writes)
		c.put(user, id)
		c.events = append(c.events, event{id, user})
	case d.oneIn(4):
		c.put(user, "")
		c.events = append(c.events, event{before.id}) // a delete event has only _id
	case d.oneIn(6):
		c.put(user, "")
		tags := event{before.id}
		if newOwner := c.anyWithout(user); newOwner != "" {
			c.put(newOwner, before.id)
			tags = append(tags, newOwner)
		}
		c.events = append(c.events, tags)
	default:
		c.put(user, before.id)
		c.events = append(c.events, event{before.id, user})
	}
	return c.writes
}

// newcomer returns a new user without a document, whom only the caller writes.
func (c *collection) newcomer() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	user := fmt.Sprintf("newcomer%d", len(c.versions))
	c.versions[user] = []version{{}}
	return user
}

func (c *collection) put(user, id string) {
	c.versions[user] = append(c.versions[user], version{c.writes, id})
}

func (c *collection) now(user string) version {
	versions := c.versions[user]
	return versions[len(versions)-1]
}

// anyWithout returns the first other user who has no document, or "".
func (c *collection) anyWithout(user string) string {
	for _, other := range users {
		if other != user && c.now(other).id == "" {
			return other
		}
	}
	return ""
}

// read returns the version that a read finds now, or the current outage if there is one.
func (c *collection) read(user string) (version, *outage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	n := slices.IndexFunc(c.outages, func(o outage) bool { return !now.Before(o.from) && !now.After(o.to) })
	if n < 0 {
		return c.now(user), nil
	}
	return version{}, &c.outages[n]
}

// fail makes an outage that starts now, and waits until it ends.
func (c *collection) fail(d *random) {
	o := outage{time.Now(), time.Now().Add(d.upTo(time.Second)), d.oneIn(3)}
	c.mu.Lock()
	c.outages = append(c.outages, o)
	c.mu.Unlock()
	time.Sleep(time.Until(o.to))
}

// since returns the events after the first n.
func (c *collection) since(n int) []event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.events[n:])
}
