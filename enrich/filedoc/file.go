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

// racy is how young a file is that may change once more without showing it: a
// second write within one tick of the file system's clock leaves the same size
// and time. Such a file is read again.
const racy = time.Second

// A file is the documents at a path: as they are now, and as they last were
// without a fault.
type file struct {
	path  string
	field bsonjson.Field
	log   *slog.Logger

	// turn has one element while nobody reads.
	turn chan struct{}

	mu   sync.Mutex
	seen reading
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
	f := &file{path: path, field: field, log: log, turn: make(chan struct{}, 1)}
	f.turn <- struct{}{}
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
		return f.answer(now)
	}
	select {
	case <-f.turn:
		defer func() { f.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, time.Time{}, ctx.Err()
	}
	// Whoever had the turn before may have read what was seen here, or have begun
	// to read since: either is as recent as this call may ask for.
	if err == nil && f.unchanged(info) {
		return f.answer(now)
	}
	if began := f.began(); began.After(now) {
		return f.answer(began)
	}
	now = time.Now()
	f.read(now)
	return f.answer(now)
}

// began returns when the last reading did.
func (f *file) began() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen.began
}

// unchanged reports whether info is of what was last read.
func (f *file) unchanged(info fs.FileInfo) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen.settled && same(f.seen.info, info)
}

// same reports whether two files look the same: they are one file, of one size
// and time.
func same(a, b fs.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// answer returns what was seen last, which the caller knows to have been there
// at this instant.
func (f *file) answer(at time.Time) (*index, time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen.fault == nil && at.After(f.goodAt) {
		f.goodAt = at
	}
	if f.seen.fault == nil {
		return f.good, at, nil
	}
	return f.good, f.goodAt, f.seen.fault
}

// read reads the path; the caller has the turn.
func (f *file) read(now time.Time) {
	info, index, err := load(f.path, f.field)
	settled := info != nil && now.Sub(info.ModTime()).Abs() > racy
	f.report(index, info, err)

	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = reading{began: now, info: info, settled: settled, fault: err}
	if err == nil && (f.good == nil || f.good.sum != index.sum) {
		f.good = index
	}
}

// report logs what is new, once for each state of the file. The first reading's
// fault is left to the caller, who gets it.
func (f *file) report(index *index, info fs.FileInfo, fault error) {
	f.mu.Lock()
	before, first := f.seen, f.good == nil
	f.mu.Unlock()
	log := func(level slog.Level, message string, more ...slog.Attr) {
		f.log.LogAttrs(context.Background(), level, message, append(more, slog.String("file", f.path))...)
	}
	switch {
	case alike(before, reading{info: info, fault: fault}):
	case fault != nil && !first:
		log(slog.LevelError, "documents cannot be read, those read before stand in", slog.Any("error", fault))
	case fault == nil && before.fault != nil:
		log(slog.LevelInfo, "documents can be read again")
	}
	if fault == nil && index.duplicates > 0 && !same(before.info, info) {
		log(slog.LevelWarn, "users have more than one document, the first one is used", slog.Int("users", index.duplicates))
	}
}

// alike reports whether a reading has nothing new: the same file, or none again.
func alike(before, now reading) bool {
	if before.info == nil && now.info == nil {
		return before.fault != nil
	}
	return same(before.info, now.info)
}
