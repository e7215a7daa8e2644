package simulation_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

var users = []string{"anna", "bert", "cleo"}

// worldsEnd is how long a world lasts.
const worldsEnd = 10 * time.Second

// settings are those of all replicas of a world.
type settings struct {
	maxAge, missingFor, staleFor time.Duration // zero as in the configuration
}

// A world is a backend, a collection, and replicas between them and clients.
type world struct {
	t          *testing.T
	seed       uint64
	rolls      uint64 // how many dice there are
	collection *collection
	replicas   []*replica
	backend    *backend
	followed   bool
}

func newWorld(t *testing.T, seed uint64, s signers) *world {
	w := &world{t: t, seed: seed, collection: newCollection(users)}
	d := w.dice()
	of := settings{missingFor: d.maybe(2 * time.Second), staleFor: d.maybe(5 * time.Second), maxAge: d.maybe(4 * time.Second)}
	w.followed = !d.oneIn(4)
	w.backend = &backend{issuer: s.issuer}
	for range 1 + d.IntN(3) {
		w.replicas = append(w.replicas, newReplica(t, w.dice(), of, w.collection, s.ring))
	}
	return w
}

// run lets everybody act until the world ends, and returns what came of it.
func (w *world) run() *tally {
	var actors sync.WaitGroup
	act := func(pause time.Duration, act func(d *dice)) { w.start(&actors, pause, act) }

	act(4*time.Second, w.collection.fail)
	act(5*time.Second, w.backend.stepClock)
	act(3*time.Second, w.administer)
	for _, user := range users {
		act(3*time.Second, func(d *dice) { w.collection.write(d, user) })
		for range 2 {
			act(time.Second, func(d *dice) { w.visit(d, user) })
		}
	}
	for _, r := range w.replicas {
		if w.followed {
			deliver := r.follow(w.dice())
			act(200*time.Millisecond, func(*dice) { deliver() })
		}
	}
	actors.Wait()

	sum := newTally()
	for _, r := range w.replicas {
		r.cache.Close()
		sum.add(r.tally)
	}
	return sum
}

// start has an actor act until the world ends, with pauses.
func (w *world) start(actors *sync.WaitGroup, pause time.Duration, act func(*dice)) {
	end, d := time.Now().Add(worldsEnd), w.dice()
	actors.Go(func() {
		for time.Sleep(d.upTo(pause)); time.Now().Before(end); time.Sleep(d.upTo(pause)) {
			act(d)
		}
	})
}

// administer evicts somebody, or everybody, from one replica.
func (w *world) administer(d *dice) {
	r := w.replicas[d.IntN(len(w.replicas))]
	if d.oneIn(3) {
		r.evict()
		return
	}
	r.evict(users[d.IntN(len(users))])
}

// dice returns dice for one actor. Had they common dice, one seed would make a
// world of every order in which actors of the same instant happen to run.
func (w *world) dice() *dice {
	w.rolls++
	return &dice{rand.New(rand.NewPCG(w.seed, w.rolls))}
}

// dice are what a world happens by.
type dice struct{ *rand.Rand }

// upTo returns a duration above zero. It is so fine that hardly ever two things
// happen at the same instant.
func (d *dice) upTo(most time.Duration) time.Duration {
	return 1 + time.Duration(d.Int64N(int64(most)))
}

// maybe returns a duration, or zero once in three times.
func (d *dice) maybe(most time.Duration) time.Duration {
	if d.oneIn(3) {
		return 0
	}
	return d.upTo(most)
}

func (d *dice) oneIn(n int) bool { return d.IntN(n) == 0 }
