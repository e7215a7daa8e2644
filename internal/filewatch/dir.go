package filewatch

import "context"

// Dir calls changed once at the start, and whenever something in a directory has
// changed, until ctx ends; then it returns nil. The error says why it cannot watch.
func Dir(ctx context.Context, path string, changed func()) error {
	folders, err := NewFolders()
	if err != nil {
		return err
	}
	defer folders.Close()
	if err := folders.Watch(path); err != nil {
		return err
	}
	changed() // the directory may have changed since the caller read it
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-folders.Changed:
			changed()
		}
	}
}
