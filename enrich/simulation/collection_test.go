package simulation_test

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// A collection is the users' documents as MongoDB has them, all that became of
// them, and when it could not be asked.
type collection struct {
	mu       sync.Mutex
	writes   int                  // how many there were; guarded by mu
	versions map[string][]version // of each user, in the order of their numbers; guarded by mu
	events   []event              // the change stream; guarded by mu
	outages  []outage             // guarded by mu
}

// A version is what one write left of a user's document.
type version struct {
	number int    // of the write; every write has its own
	id     string // names the document; empty is none
}

// An event is what the change stream shows of a write: user ids and _id.
type event []string

// An outage makes reads fail, at once or only when their time is up.
type outage struct {
	from, to time.Time
	hangs    bool
}

// newCollection has a document for every user but the first.
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

// write changes something about a user's document, and returns the number of
// what it left. The document is updated, mostly; it may be deleted, or its
// user-id field be set to a user who has none; a missing one is inserted.
func (c *collection) write(d *dice, user string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	was := c.now(user)
	switch {
	case was.id == "":
		id := fmt.Sprintf("id%d", c.writes)
		c.put(user, id)
		c.events = append(c.events, event{id, user})
	case d.oneIn(4):
		c.put(user, "")
		c.events = append(c.events, event{was.id}) // of what is gone only _id is shown
	case d.oneIn(6):
		c.put(user, "")
		tags := event{was.id}
		if heir := c.anyWithout(user); heir != "" {
			c.put(heir, was.id)
			tags = append(tags, heir)
		}
		c.events = append(c.events, tags)
	default:
		c.put(user, was.id)
		c.events = append(c.events, event{was.id, user})
	}
	return c.writes
}

func (c *collection) put(user, id string) {
	c.versions[user] = append(c.versions[user], version{c.writes, id})
}

func (c *collection) now(user string) version {
	versions := c.versions[user]
	return versions[len(versions)-1]
}

// anyWithout returns the first other user who has no document, and "" where
// there is none.
func (c *collection) anyWithout(user string) string {
	for _, other := range users {
		if other != user && c.now(other).id == "" {
			return other
		}
	}
	return ""
}

// look returns what a read finds that looks now, and the outage that it falls
// into, if any.
func (c *collection) look(user string) (version, *outage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	n := slices.IndexFunc(c.outages, func(o outage) bool { return !now.Before(o.from) && !now.After(o.to) })
	if n < 0 {
		return c.now(user), nil
	}
	return version{}, &c.outages[n]
}

// fail makes an outage that begins now.
func (c *collection) fail(d *dice) {
	o := outage{time.Now(), time.Now().Add(d.upTo(time.Second)), d.oneIn(3)}
	c.mu.Lock()
	c.outages = append(c.outages, o)
	c.mu.Unlock()
	time.Sleep(time.Until(o.to))
}

// since returns the events behind the first n.
func (c *collection) since(n int) []event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.events[n:])
}
