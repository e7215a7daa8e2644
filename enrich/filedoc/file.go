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

// settleTime is how old a file must be before an unchanged size and time mean that
// its content is unchanged. Two writes within one tick of the file system's clock can
// leave the same size and time.
const settleTime = time.Second

// A file holds the documents at a path, and keeps the last good content while the file
// is broken.
type file struct {
	path  string
	field bsonjson.Field
	log   *slog.Logger

	// lock is a mutex for reading the file. It is a channel, so that a caller can stop
	// waiting when its context ends. It has one element while it is free.
	lock chan struct{}

	mu   sync.Mutex
	last reading
	// good is the last good content; nil if there was none yet. It changes only when
	// the content changes. goodAt is when it was last known to be current.
	good   *index
	goodAt time.Time
}

func newFile(path string, field bsonjson.Field, log *slog.Logger) *file {
	f := &file{path: path, field: field, log: log, lock: make(chan struct{}, 1)}
	f.lock <- struct{}{}
	return f
}

// current returns the last good content, when that was known to be current, and what
// is wrong with the file now. The content is nil if there was none yet. Without an
// error, the time is within the call. If several callers find the file changed at the
// same time, one of them reads it.
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
	// may have started its read after this call. Both results are recent enough.
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

// lastBegan returns when the last read began.
func (f *file) lastBegan() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last.began
}

// unchanged reports whether info shows the same content as the last read.
func (f *file) unchanged(info fs.FileInfo) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last.settled && sameFile(f.last.info, info)
}

// result returns what current returns, after the last read. The caller must know that
// the path had that content at this time.
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

// read reads the file. The caller holds f.lock.
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

// report logs changes in the state of the file, each once. It does not log an error of
// the first read, because Open returns that.
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
		log(slog.LevelError, "cannot read the documents file. Its last good content stays in use, and is stale", slog.Any("error", fault),
			slog.String("advice", "Fix the file. Until then, tokens from a refresh do not get the claim unless cache.stale_for is set."))
	case fault == nil && before.fault != nil:
		log(slog.LevelInfo, "reading the documents file works again")
	}
	if fault == nil && len(index.several) > 0 && !sameFile(before.info, info) {
		log(slog.LevelWarn, "some users have more than one document. The one with the lowest _id is used. Delete the others", slog.Int("users", len(index.several)))
	}
}
