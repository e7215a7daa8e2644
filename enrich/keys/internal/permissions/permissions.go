// Package permissions says whether only trusted users can write the files of keys.
// Anyone who can add a key to the key directory can sign tokens that every verifier
// accepts. So the rules are those of OpenSSH's strict modes:
//
//   - Not everybody may write. A directory with the sticky bit is not an exception,
//     because the bit protects only files that exist.
//   - A group may not write, except where an administrator shares a directory with one
//     of our groups: the directory has the setgid bit, as Kubernetes sets it for an
//     fsGroup, and the files have the group of the directory.
//   - The owner is this user or root. For root, a file may also have the owner of its
//     directory, because administrators look after the keys of other users.
//   - A read-only mount is made by an administrator, so group and owner do not matter
//     there. Kubernetes mounts secrets like that, in a directory of root that has the
//     mode 1777. That directory is allowed too.
//
// The directories above are not checked.
package permissions

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// An Error says who could write to a file or directory, and how to change that.
type Error struct {
	Path  string
	Fault string // what is wrong, as in "every user can write to it (mode 0777)"
	Fix   string // a command, or an advice
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s. %s", e.Path, e.Fault, e.Fix) }

// CheckDir returns an [Error] if somebody who is not trusted can add files to a
// directory. The info is that of the directory itself, and not of a link to it.
func CheckDir(path string, info fs.FileInfo) error { return us().checkDir(path, info) }

// CheckFile returns an [Error] if somebody who is not trusted can change a file. The
// info is that of the file itself, and not of a link to it.
func CheckFile(path string, info fs.FileInfo) error { return us().checkFile(path, info) }

// A process is who we are.
type process struct {
	uid        int
	groups     []int
	isReadOnly func(path string) bool // reports whether a file is on a read-only mount
}

// us returns the current process. Its groups may change only at start, but looking
// them up is cheap enough for every check.
func us() process {
	groups, _ := os.Getgroups() // without them, no group is trusted
	return process{os.Geteuid(), append(groups, os.Getegid()), isReadOnly}
}

const (
	worldWrite = 0o002
	groupWrite = 0o020
)

func (p process) checkDir(path string, info fs.FileInfo) error {
	owner, known := ownerOf(info)
	if !known {
		return nil // a system without these permissions
	}
	readOnly := p.isReadOnly(path)
	isSecretMount := readOnly && info.Mode()&fs.ModeSticky != 0 && owner.uid == 0
	mode := info.Mode().Perm()
	switch {
	case isSecretMount:
		return nil
	case mode&worldWrite != 0:
		return &Error{path, fmt.Sprintf("every user of this machine can add a key to it (mode %04o)", mode),
			"Delete the keys that you did not put there, then run: chmod go-w " + path + ". In a volume where that is not possible, use a subdirectory, which is made with mode 0700"}
	case mode&groupWrite != 0 && !readOnly && !p.isShared(info, owner):
		return &Error{path, fmt.Sprintf("the group %d can add a key to it (mode %04o)", owner.gid, mode),
			"Run: chmod g-w " + path + ". To share it with a group of this user, set the setgid bit: chmod g+s " + path}
	case !readOnly && !p.trusts(owner.uid) && p.uid != 0:
		return p.wrongOwner(path, owner)
	}
	return nil
}

func (p process) checkFile(path string, info fs.FileInfo) error {
	owner, known := ownerOf(info)
	if !known {
		return nil
	}
	mode := info.Mode().Perm()
	switch {
	case mode&worldWrite != 0:
		return &Error{path, fmt.Sprintf("every user of this machine can change this key (mode %04o)", mode),
			"If you do not know the key, delete it. Else run: chmod 600 " + path}
	case p.isReadOnly(path):
		return nil
	case mode&groupWrite != 0 && !p.isInShared(path, owner):
		return &Error{path, fmt.Sprintf("the group %d can change this key (mode %04o)", owner.gid, mode),
			"Run: chmod g-w " + path}
	case !p.trusts(owner.uid) && !p.looksAfter(path, owner):
		return p.wrongOwner(path, owner)
	}
	return nil
}

func (p process) trusts(uid int) bool { return uid == 0 || uid == p.uid }

// isShared reports whether an administrator shares a directory with one of our groups.
func (p process) isShared(dir fs.FileInfo, owner owner) bool {
	return dir.Mode()&fs.ModeSetgid != 0 && slices.Contains(p.groups, owner.gid)
}

// isInShared reports whether a file belongs to a directory that is shared with one of
// our groups.
func (p process) isInShared(path string, file owner) bool {
	info, dir, known := dirOf(path)
	return known && dir.gid == file.gid && p.isShared(info, dir)
}

// looksAfter reports whether we are root, and the file belongs to the owner of its
// directory.
func (p process) looksAfter(path string, file owner) bool {
	_, dir, known := dirOf(path)
	return p.uid == 0 && known && dir.uid == file.uid
}

func (p process) wrongOwner(path string, owner owner) error {
	return &Error{path, fmt.Sprintf("its owner is the user %d, but only root and the user %d of this process are trusted with keys", owner.uid, p.uid),
		fmt.Sprintf("Run: chown %d %s. Or mount the directory read-only", p.uid, path)}
}

// dirOf returns the directory of a file.
func dirOf(path string) (info fs.FileInfo, _ owner, known bool) {
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return nil, owner{}, false
	}
	dir, known := ownerOf(info)
	return info, dir, known
}

// An owner is the user and the group of a file.
type owner struct{ uid, gid int }
