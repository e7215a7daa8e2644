package filedoc

import (
	"io/fs"
	"os"
	"time"
)

// A reading is the result of one read of the file.
type reading struct {
	began   time.Time
	info    fs.FileInfo // of the file that was read; nil if there was none
	settled bool        // the same size and time mean the same content: see settleTime
	fault   error
}

// sameOutcome reports whether two reads in a row found the same file, or both no file.
func sameOutcome(before, now reading) bool {
	if before.info == nil && now.info == nil {
		return before.fault != nil
	}
	return sameFile(before.info, now.info)
}

// sameFile reports whether two infos are about the same file with the same size and
// time.
func sameFile(a, b fs.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
