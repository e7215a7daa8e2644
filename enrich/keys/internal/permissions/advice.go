package permissions

import (
	"fmt"
	"io/fs"
)

// WriteAdvice says who may write to a directory, who this program is, and what to run so
// that it can write there too. The info is that of the directory.
func WriteAdvice(path string, info fs.FileInfo) string { return us().writeAdvice(path, info) }

func (p process) writeAdvice(path string, info fs.FileInfo) string {
	owner, known := ownerOf(info)
	mode, uid := info.Mode().Perm(), p.uid
	switch {
	case !known:
		return fmt.Sprintf("its mode is %04o", mode)
	case owner.uid == uid || uid == 0:
		return fmt.Sprintf("its mode is %04o. Run: chmod u+w %s", mode, path)
	}
	return fmt.Sprintf("its mode is %04o and it belongs to the user %d, but this program runs as the user %d. Run: chown %d %s", mode, owner.uid, uid, uid, path)
}
