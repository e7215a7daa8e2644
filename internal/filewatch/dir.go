package filewatch

import "context"

// Dir calls changed, at once and when something in a directory has changed, until
// ctx ends, of which it makes no error. The error says why it cannot watch.
func Dir(ctx context.Context, path string, changed func()) error {
	folders, err := NewFolders()
	if err != nil {
		return err
	}
	defer folders.Close()
	if err := folders.Watch(path); err != nil {
		return err
	}
	changed() // since the caller has read the directory
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-folders.Changed:
			changed()
		}
	}
}
