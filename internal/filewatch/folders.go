// Package filewatch tells when files change. It is the only importer of fsnotify.
// File systems that tell nobody of changes make it silent, so whoever needs to
// know polls, too.
package filewatch

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settling is how long a change waits to be told: files are often written in
// steps, or several together.
const settling = 200 * time.Millisecond

// Folders tell when something in them changes: folders, not files, because
// editors rename, and mounts of secrets swap symbolic links.
type Folders struct {
	// Changed has one element when something has changed, and settled.
	Changed <-chan struct{}

	watcher   *fsnotify.Watcher
	following sync.WaitGroup
}

// NewFolders watches no folder yet. The error says why none can be. The caller
// closes it.
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

// Watch makes these the folders that are watched. One that is itself replaced is
// lost. The error names those that cannot be watched; the others are.
func (f *Folders) Watch(paths ...string) error {
	for _, path := range f.watcher.WatchList() {
		if !slices.Contains(paths, path) {
			_ = f.watcher.Remove(path) // it may be gone
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

// follow takes in what happens, until the watcher is closed. Its errors are of
// events that were lost, so there were some.
func (f *Folders) follow(changed chan<- struct{}) {
	var settled <-chan time.Time
	for {
		select {
		case event, open := <-f.watcher.Events:
			if !open {
				return
			}
			if event.Op == fsnotify.Chmod {
				continue // reading can be one
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
			settled = time.After(settling)
		}
	}
}
