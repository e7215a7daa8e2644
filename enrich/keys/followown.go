package keys

import (
	"context"
	"time"
)

// poll is how often the directory is looked at: replicas must see each other's
// keys within 10 s (law E2), also on file systems that tell nobody of changes.
const poll = 2 * time.Second

// rotationPoll is how often a key is asked for its age, and how soon one that
// could not be made is tried again: making one takes a while of a core.
const rotationPoll = time.Minute

// Reread makes Run read the directory of our keys at once, rather than at its
// next poll.
func (r *Ring) Reread() {
	select {
	case r.changed <- struct{}{}:
	default: // it will be read already
	}
}

func (r *Ring) followOwn(ctx context.Context) {
	tick, rotation := time.NewTicker(poll), time.NewTicker(rotationPoll)
	defer tick.Stop()
	defer rotation.Stop()
	making := trouble{log: r.o.Logger.Error, text: noSigningKey}
	reading := trouble{log: r.o.Logger.Error, text: "key directory cannot be read; the keys known so far stay in use"}
	rotate := r.rotator()
	rotate()
	for {
		select {
		case <-ctx.Done():
			return
		case algorithm := <-r.needed:
			making.note(r.makeOwn(algorithm))
		case <-rotation.C:
			if !reading.lasts { // which says enough
				rotate()
			}
		case <-r.changed:
			reading.note(r.readOwn())
		case <-tick.C:
			reading.note(r.readOwn())
		}
	}
}

// rotator returns what makes the next keys that are due, and says why it cannot.
func (r *Ring) rotator() func() {
	failing := trouble{log: r.o.Logger.Error, text: "no next signing key; the old one signs on, longer than sign.rotate_after"}
	readOnly := trouble{log: r.o.Logger.Warn, text: "key directory is read-only, so this replica rotates nothing, in spite of sign.rotate_after: another one that may write has to, or `tokengraft keys rotate` where the keys come from"}
	return func() {
		if r.o.RotateAfter == 0 {
			return
		}
		err := r.rotateOld()
		if isReadOnly(err) {
			readOnly.note(err)
			return
		}
		failing.note(err)
	}
}

func (r *Ring) rotateOld() error {
	done, err := r.dir.rotateOld(r.o.RotateAfter, r.now())
	for _, rotation := range done {
		r.o.Logger.Info("next signing key made", "algorithm", rotation.Key.Algorithm, "kid", rotation.Key.ID,
			"signs_from", rotation.Key.Active.Format(time.RFC3339))
	}
	if err != nil || len(done) == 0 {
		return err
	}
	return r.readOwn()
}

// trouble is logged once, when it begins.
type trouble struct {
	log   func(text string, args ...any)
	text  string
	lasts bool
}

func (t *trouble) note(err error) {
	if err != nil && !t.lasts {
		t.log(t.text, "error", err)
	}
	t.lasts = err != nil
}
