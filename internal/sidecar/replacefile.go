package sidecar

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// replaceFile replaces the content of a file. At any time the file is whole, the old or the
// new, also if the process or the machine stops. The new file has the mode, and if possible
// the owner, of the old.
func replaceFile(path string, text []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return writeFile(path, text, info)
}

// writeFile makes a file, or replaces it, with the mode of like.
func writeFile(path string, text []byte, like fs.FileInfo) error {
	dir := filepath.Dir(path)
	prefix := "." + filepath.Base(path) + ".new-"
	removeLeft(dir, prefix)
	temporary, err := os.CreateTemp(dir, prefix+"*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // fails if it has its new name
	if like != nil {
		copyOwner(temporary, like)
		err = temporary.Chmod(like.Mode().Perm())
	}
	_, errWrite := temporary.Write(text)
	if err := errors.Join(err, errWrite, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// removeLeft removes the temporary files of writeFile in a directory that earlier processes
// left when they were killed. Their names start with prefix.
func removeLeft(dir, prefix string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, prefix) && strings.Contains(name, ".new-") {
			_ = os.Remove(filepath.Join(dir, name))
		}
	}
}

// syncDir makes the names in a directory durable, where the system can.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	return nil
}

// readOnly says why a file cannot be replaced, or "".
func readOnly(path string) string {
	info, err := os.Lstat(path)
	dir := filepath.Dir(path)
	if full, err := filepath.Abs(dir); err == nil {
		dir = full
	}
	switch {
	case err != nil:
		return "The file cannot be read: " + err.Error() + "."
	case info.Mode()&fs.ModeSymlink != 0:
		return "The file is a symbolic link, as in a ConfigMap of Kubernetes. Change it where it comes from."
	case !info.Mode().IsRegular():
		return "This is not a regular file. Change the configuration where it comes from."
	case isMount(path):
		return "The file is a mount of its own, so it cannot be replaced. Mount its directory instead, or change the file where it comes from."
	case !mayWrite(dir):
		return "The sidecar may not write to the directory " + dir + ", so it cannot replace the file. Let it write there, or change the file where it comes from."
	}
	return ""
}

// mountedAt reports whether a path is in the list of mounts of Linux.
func mountedAt(mountinfo []byte, path string) bool {
	for line := range bytes.Lines(mountinfo) {
		fields := bytes.Fields(line)
		if len(fields) > 4 && unescapeMount(fields[4]) == path {
			return true
		}
	}
	return false
}

// unescapeMount replaces the octal escapes of mountinfo.
func unescapeMount(field []byte) string {
	for octal, char := range map[string]string{`\040`: " ", `\011`: "\t", `\012`: "\n", `\134`: `\`} {
		field = bytes.ReplaceAll(field, []byte(octal), []byte(char))
	}
	return string(field)
}

func isMount(path string) bool {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return false
	}
	full, err := filepath.Abs(path)
	if err == nil {
		full, err = filepath.EvalSymlinks(full)
	}
	return err == nil && mountedAt(mounts, full)
}
