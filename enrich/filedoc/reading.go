package filedoc

import (
	"io/fs"
	"os"
	"time"
)

// A reading is the result of reading the path.
type reading struct {
	began   time.Time
	info    fs.FileInfo // of the file that was read; nil if there was none
	settled bool        // a file that looks the same has the same content
	fault   error
}

// sameOutcome reports whether a reading shows nothing new: the same file, or again
// no file.
func sameOutcome(before, now reading) bool {
	if before.info == nil && now.info == nil {
		return before.fault != nil
	}
	return sameFile(before.info, now.info)
}

// sameFile reports whether two infos are of one file with the same size and time.
func sameFile(a, b fs.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
