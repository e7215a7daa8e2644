// Package filewatch reports when files change. It is the only package that imports
// fsnotify. Some file systems do not report changes, so callers must poll too.
package filewatch

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settleTime is how long a change waits before it is reported, because files are often
// written in steps, or several at once.
const settleTime = 200 * time.Millisecond

// Folders reports when something in one of some folders changes. It watches folders
// and not files, because editors rename files, and mounts of secrets swap symbolic
// links.
type Folders struct {
	// Changed has one element after something has changed and settled.
	Changed <-chan struct{}

	watcher   *fsnotify.Watcher
	following sync.WaitGroup
}

// NewFolders returns a Folders that does not watch any folder yet. The error says why
// folders cannot be watched. The caller calls Close.
func NewFolders() (*Folders, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch folders: %w", err)
	}
	changed := make(chan struct{}, 1)
	f := &Folders{Changed: changed, watcher: watcher}
	f.following.Go(func() { f.follow(changed) })
	return f, nil
}

// Watch replaces the folders that are watched. A folder that is itself replaced later
// is no longer watched. The error names the folders that cannot be watched; the others
// are watched.
func (f *Folders) Watch(paths ...string) error {
	for _, path := range f.watcher.WatchList() {
		if !slices.Contains(paths, path) {
			_ = f.watcher.Remove(path) // it may have been deleted
		}
	}
	var faults []error
	for _, path := range paths {
		if err := f.watcher.Add(path); err != nil {
			faults = append(faults, fmt.Errorf("watch %s: %w", path, err))
		}
	}
	return errors.Join(faults...)
}

// Close ends watching.
func (f *Folders) Close() {
	_ = f.watcher.Close()
	f.following.Wait()
}

// follow handles events until the watcher is closed. An error of the watcher means
// that events were lost, so it is treated as a change.
func (f *Folders) follow(changed chan<- struct{}) {
	var settled <-chan time.Time
	for {
		select {
		case event, open := <-f.watcher.Events:
			if !open {
				return
			}
			if event.Op == fsnotify.Chmod {
				continue // reading a file can cause it
			}
		case <-f.watcher.Errors:
		case <-settled:
			settled = nil
			select {
			case changed <- struct{}{}:
			default:
			}
			continue
		}
		if settled == nil {
			settled = time.After(settleTime)
		}
	}
}
