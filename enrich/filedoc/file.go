package filedoc

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// settleTime is how young a file is that may change once more without showing it: a
// second write within one tick of the file system's clock leaves the same size
// and time. Such a file is read again.
const settleTime = time.Second

// A file is the documents at a path: as they are now, and as they last were
// without a fault.
type file struct {
	path  string
	field bsonjson.Field
	log   *slog.Logger

	// lock is a mutex that a context can stop waiting for: it holds one element
	// while nobody reads.
	lock chan struct{}

	mu   sync.Mutex
	last reading
	// good is the last content without a fault, nil before the first: another
	// one where the content is. It was last known to be the path's at goodAt.
	good   *index
	goodAt time.Time
}

// A reading is what reading the path came to.
type reading struct {
	began   time.Time
	info    fs.FileInfo // of the file that was read; nil if there was none
	settled bool        // a file that looks the same is the same
	fault   error
}

func newFile(path string, field bsonjson.Field, log *slog.Logger) *file {
	f := &file{path: path, field: field, log: log, lock: make(chan struct{}, 1)}
	f.lock <- struct{}{}
	return f
}

// current returns the last good documents, nil if there never were any, the
// instant at which they were known to be current, and what is wrong with the
// file if they no longer are. That instant lies within the call unless there is
// a fault. Of callers who find the file changed together, one reads it.
func (f *file) current(ctx context.Context) (*index, time.Time, error) {
	if err := ctx.Err(); err != nil {
		return nil, time.Time{}, err
	}
	now := time.Now()
	info, err := os.Stat(f.path)
	if err == nil && f.unchanged(info) {
		return f.result(now)
	}
	select {
	case <-f.lock:
		defer func() { f.lock <- struct{}{} }()
	case <-ctx.Done():
		return nil, time.Time{}, ctx.Err()
	}
	// Whoever held the lock before may have read what was seen here, or have begun
	// to read since: either is as recent as this call may ask for.
	if err == nil && f.unchanged(info) {
		return f.result(now)
	}
	if began := f.lastBegan(); began.After(now) {
		return f.result(began)
	}
	now = time.Now()
	f.read(now)
	return f.result(now)
}

// lastBegan returns when the last reading began.
func (f *file) lastBegan() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last.began
}

// unchanged reports whether info is of what was last read.
func (f *file) unchanged(info fs.FileInfo) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last.settled && sameFile(f.last.info, info)
}

// sameFile reports whether two files look the same: they are one file, of one size
// and time.
func sameFile(a, b fs.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// result returns what was seen last, which the caller knows to have been there
// at this instant.
func (f *file) result(at time.Time) (*index, time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last.fault == nil && at.After(f.goodAt) {
		f.goodAt = at
	}
	if f.last.fault == nil {
		return f.good, at, nil
	}
	return f.good, f.goodAt, f.last.fault
}

// read reads the path; the caller holds the lock.
func (f *file) read(now time.Time) {
	info, index, err := loadIndex(f.path, f.field)
	settled := info != nil && now.Sub(info.ModTime()).Abs() > settleTime
	f.report(index, info, err)

	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = reading{began: now, info: info, settled: settled, fault: err}
	if err == nil && (f.good == nil || f.good.sum != index.sum) {
		f.good = index
	}
}

// report logs what is new, once for each state of the file. The first reading's
// fault is left to the caller, who gets it.
func (f *file) report(index *index, info fs.FileInfo, fault error) {
	f.mu.Lock()
	before, first := f.last, f.good == nil
	f.mu.Unlock()
	log := func(level slog.Level, message string, more ...slog.Attr) {
		f.log.LogAttrs(context.Background(), level, message, append(more, slog.String("file", f.path))...)
	}
	switch {
	case sameOutcome(before, reading{info: info, fault: fault}):
	case fault != nil && !first:
		log(slog.LevelError, "documents cannot be read, those read before stand in", slog.Any("error", fault))
	case fault == nil && before.fault != nil:
		log(slog.LevelInfo, "documents can be read again")
	}
	if fault == nil && index.duplicates > 0 && !sameFile(before.info, info) {
		log(slog.LevelWarn, "users have more than one document, the first one is used", slog.Int("users", index.duplicates))
	}
}

// sameOutcome reports whether a reading has nothing new: the same file, or none again.
func sameOutcome(before, now reading) bool {
	if before.info == nil && now.info == nil {
		return before.fault != nil
	}
	return sameFile(before.info, now.info)
}
