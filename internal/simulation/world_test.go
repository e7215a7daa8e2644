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

// settings are shared by all replicas of a world.
type settings struct {
	maxAge, missingFor, staleFor time.Duration // zero has the same meaning as in the configuration
	ifFollowed                   bool          // missingFor is auto
}

// A world is a backend, a collection, and replicas between both and the clients.
type world struct {
	t          *testing.T
	seed       uint64
	streams    uint64 // number of sources of randomness so far
	collection *collection
	replicas   []*replica
	backend    *backend
	followed   bool
}

func newWorld(t *testing.T, seed uint64, s signers) *world {
	w := &world{t: t, seed: seed, collection: newCollection(users)}
	d := w.random()
	shared := settings{missingFor: d.maybe(2 * time.Second), staleFor: d.maybe(5 * time.Second), maxAge: d.maybe(4 * time.Second)}
	if d.oneIn(2) {
		shared.missingFor, shared.ifFollowed = 5*time.Second, true
	}
	w.followed = !d.oneIn(4)
	w.backend = &backend{issuer: s.issuer}
	for range 1 + d.IntN(3) {
		w.replicas = append(w.replicas, newReplica(t, w.random(), shared, w.collection, s.ring))
	}
	return w
}

// run lets all actors act until the world ends, and returns the results.
func (w *world) run() *tally {
	var actors sync.WaitGroup
	act := func(pause time.Duration, act func(d *random)) { w.startActor(&actors, pause, act) }

	act(4*time.Second, w.collection.fail)
	act(5*time.Second, w.backend.stepClock)
	act(3*time.Second, w.invalidate)
	for _, user := range users {
		act(3*time.Second, func(d *random) { w.collection.write(d, user) })
		for range 2 {
			act(time.Second, func(d *random) { w.visit(d, user) })
		}
	}
	for range 2 {
		act(3*time.Second, w.signUp)
	}
	for _, r := range w.replicas {
		if w.followed {
			deliver := r.follow(w.random())
			act(200*time.Millisecond, func(*random) { deliver() })
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

// startActor starts an actor that calls act, with pauses, until the world ends.
func (w *world) startActor(actors *sync.WaitGroup, pause time.Duration, act func(*random)) {
	end, d := time.Now().Add(worldsEnd), w.random()
	actors.Go(func() {
		for time.Sleep(d.upTo(pause)); time.Now().Before(end); time.Sleep(d.upTo(pause)) {
			act(d)
		}
	})
}

// invalidate invalidates one user, or everything, in one replica.
func (w *world) invalidate(d *random) {
	r := w.replicas[d.IntN(len(w.replicas))]
	if d.oneIn(3) {
		r.invalidate()
		return
	}
	r.invalidate(users[d.IntN(len(users))])
}

// random returns a source of randomness for one actor. If actors shared one, a seed would
// not always make the same world, because actors that run at the same time could use it in
// any order.
func (w *world) random() *random {
	w.streams++
	return &random{rand.New(rand.NewPCG(w.seed, w.streams))}
}

// random decides what happens in a world.
type random struct{ *rand.Rand }

// upTo returns a duration above zero. It has full precision, so that two things
// rarely happen at the same instant.
func (d *random) upTo(most time.Duration) time.Duration {
	return 1 + time.Duration(d.Int64N(int64(most)))
}

// maybe returns zero in one of three cases, and otherwise a duration.
func (d *random) maybe(most time.Duration) time.Duration {
	if d.oneIn(3) {
		return 0
	}
	return d.upTo(most)
}

func (d *random) oneIn(n int) bool { return d.IntN(n) == 0 }
