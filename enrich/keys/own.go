package keys

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

const (
	// pollInterval is how often the directory is read. Replicas must see each
	// other's keys within 10 s (law E2), even on file systems without change
	// notifications.
	pollInterval = 2 * time.Second
	// rotationInterval is how often the age of the keys is checked, and how long
	// to wait before trying again to make the next key.
	rotationInterval = time.Minute
)

// ownKeys holds the keys of our directory. Nil means that there is no directory:
// it has no keys and makes none.
type ownKeys struct {
	dir         *keydir.Dir
	rotateAfter time.Duration
	logger      *slog.Logger
	now         func() time.Time

	loaded  atomic.Pointer[keydir.Set]
	failed  atomic.Pointer[error] // of the last read of the directory
	loading sync.Mutex            // held from reading the directory to storing loaded
	missing chan string           // algorithms that need a key
	changed chan struct{}         // has one element if the directory should be read now
}

// openOwnKeys opens the directory, and makes the key for Options.Algorithm if it
// is missing.
func openOwnKeys(o Options, now func() time.Time) (*ownKeys, error) {
	dir, err := keydir.Create(o.Dir)
	if err != nil {
		return nil, err
	}
	own := &ownKeys{
		dir: dir, rotateAfter: o.RotateAfter, logger: o.Logger, now: now,
		missing: make(chan string, 16), changed: make(chan struct{}, 1),
	}
	if err := own.load(); err != nil || o.Algorithm == "" {
		return own, err
	}
	return own, own.make(o.Algorithm)
}

// load reads the directory. If it fails, the known keys stay in use.
func (o *ownKeys) load() (err error) {
	o.loading.Lock() // so that an older read never replaces a newer one
	defer o.loading.Unlock()
	defer func() { o.failed.Store(&err) }()
	known := o.set()
	set, err := o.dir.Load(known)
	if err != nil {
		return err
	}
	for _, info := range set.List(o.now()) {
		if info.WorldReadable && !known.Contains(info.ID) {
			o.logger.Warn("every user of this machine can read a signing key. Run chmod 600 on the file", "file", info.Path)
		}
	}
	o.loaded.Store(&set)
	return nil
}

// set returns the keys of the last successful read.
func (o *ownKeys) set() keydir.Set {
	if o == nil || o.loaded.Load() == nil {
		return keydir.Set{}
	}
	return *o.loaded.Load()
}

func (o *ownKeys) contains(kid string) bool { return o.set().Contains(kid) }

// err returns why the directory could not be read the last time.
func (o *ownKeys) err() error {
	if o == nil || o.failed.Load() == nil {
		return nil
	}
	return *o.failed.Load()
}

func (o *ownKeys) isEmpty() bool { return len(o.set().List(o.now())) == 0 }

// makeAll makes a key for each algorithm that has none.
func (o *ownKeys) makeAll(algorithms []string) error {
	for _, algorithm := range algorithms {
		if err := o.make(algorithm); err != nil {
			return err
		}
	}
	return nil
}

func (o *ownKeys) make(algorithm string) error {
	if o.set().Has(algorithm) {
		return nil
	}
	made, err := o.dir.Ensure(algorithm, o.now())
	if err != nil {
		return err
	}
	if made {
		o.logger.Info("made a signing key", "algorithm", algorithm)
	}
	return o.load()
}

// request asks follow to make a key. The login that needs it does not wait for it
// (law E2).
func (o *ownKeys) request(algorithm string) {
	select {
	case o.missing <- algorithm:
	default: // the queue is full; the next login asks again
	}
}

// reload asks follow to read the directory now.
func (o *ownKeys) reload() {
	select {
	case o.changed <- struct{}{}:
	default: // follow is about to read it
	}
}

const noSigningKey = "cannot make a signing key. Tokens of its algorithm pass unenriched until there is one. Check that the directory sign.keys is writable and the disk is not full"

// follow reads the directory, makes missing keys, and rotates, until ctx ends.
func (o *ownKeys) follow(ctx context.Context) {
	poll, rotation := time.NewTicker(pollInterval), time.NewTicker(rotationInterval)
	defer poll.Stop()
	defer rotation.Stop()
	making := failureLog{log: o.logger.Error, text: noSigningKey}
	loading := failureLog{log: o.logger.Error, text: "cannot read the key directory. The known keys stay in use"}
	rotate := o.rotator()
	rotate()
	for {
		select {
		case <-ctx.Done():
			return
		case algorithm := <-o.missing:
			making.report(o.make(algorithm))
		case <-rotation.C:
			if !loading.failing { // otherwise the cause is logged already
				rotate()
			}
		case <-o.changed:
			loading.report(o.load())
		case <-poll.C:
			loading.report(o.load())
		}
	}
}

// rotator returns a function that makes the next keys that are due. It logs a
// failure.
func (o *ownKeys) rotator() func() {
	failing := failureLog{log: o.logger.Error, text: "cannot make the next signing key. The current key signs for longer than sign.rotate_after; trying again every minute"}
	readOnly := failureLog{log: o.logger.Warn, text: "this replica cannot rotate keys, despite sign.rotate_after, because the key directory is read-only. Rotate them with a replica that can write to it, or run `tokengraft keys rotate` where the keys come from"}
	return func() {
		if o.rotateAfter == 0 {
			return
		}
		err := o.rotateDue()
		if isReadOnly(err) {
			readOnly.report(err)
			return
		}
		failing.report(err)
	}
}

func (o *ownKeys) rotateDue() error {
	done, err := o.dir.RotateDue(o.rotateAfter, o.now())
	for _, rotation := range done {
		o.logger.Info("made the next signing key", "algorithm", rotation.Key.Algorithm, "kid", rotation.Key.ID,
			"signs_from", rotation.Key.Active.Format(time.RFC3339))
	}
	if err != nil || len(done) == 0 {
		return err
	}
	return o.load()
}

// isReadOnly reports whether an error says that writing is not permitted.
func isReadOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// A failureLog logs only the first of consecutive failures.
type failureLog struct {
	log     func(text string, args ...any)
	text    string
	failing bool
}

func (l *failureLog) report(err error) {
	if err != nil && !l.failing {
		l.log(l.text, "error", err)
	}
	l.failing = err != nil
}
