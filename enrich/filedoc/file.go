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

// settleTime is the age up to which a file is read again even if it looks the same:
// a second write within one tick of the file system's clock can leave the same size
// and time.
const settleTime = time.Second

// A file has the documents at a path: as they are now, and as they were when the
// file was last good.
type file struct {
	path  string
	field bsonjson.Field
	log   *slog.Logger

	// lock is a mutex that a context can stop waiting for: it holds one element
	// while nobody reads.
	lock chan struct{}

	mu   sync.Mutex
	last reading
	// good is the last good content, nil before the first. It changes only when the
	// content does. goodAt is when it was last known to be current.
	good   *index
	goodAt time.Time
}

func newFile(path string, field bsonjson.Field, log *slog.Logger) *file {
	f := &file{path: path, field: field, log: log, lock: make(chan struct{}, 1)}
	f.lock <- struct{}{}
	return f
}

// current returns the last good content, nil if there never was any, when it was
// known to be current, and what is wrong with the file if it no longer is. Without
// an error, that time is within the call. If several callers find the file changed
// at the same time, one of them reads it.
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
	// The previous holder of the lock may have read the file that this call saw, or
	// have started to read after this call. Both are recent enough.
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

// unchanged reports whether info is of the file that was last read.
func (f *file) unchanged(info fs.FileInfo) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last.settled && sameFile(f.last.info, info)
}

// result returns what was last read. The caller knows that the path had it at this
// time.
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

// report logs what is new, once for each state of the file. It does not log an error
// of the first reading, which Open returns.
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
		log(slog.LevelError, "documents cannot be read, using those read before", slog.Any("error", fault))
	case fault == nil && before.fault != nil:
		log(slog.LevelInfo, "documents can be read again")
	}
	if fault == nil && index.duplicates > 0 && !sameFile(before.info, info) {
		log(slog.LevelWarn, "users have more than one document, the first one is used", slog.Int("users", index.duplicates))
	}
}
