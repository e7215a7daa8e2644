//go:build unix

package permissions

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A fakeInfo is what the system says about a file.
type fakeInfo struct {
	mode     fs.FileMode
	uid, gid uint32
}

func (i fakeInfo) Name() string       { return "" }
func (i fakeInfo) Size() int64        { return 0 }
func (i fakeInfo) Mode() fs.FileMode  { return i.mode }
func (i fakeInfo) ModTime() time.Time { return time.Time{} }
func (i fakeInfo) IsDir() bool        { return false }
func (i fakeInfo) Sys() any           { return &syscall.Stat_t{Uid: i.uid, Gid: i.gid} }

// We are the user 65532 of the container image, in its group and in the group 2000,
// which is an fsGroup.
func ours(readOnly bool) process {
	return process{65532, []int{65532, 2000}, func(string) bool { return readOnly }}
}

const sticky, setgid = fs.ModeSticky, fs.ModeSetgid

func TestDir_IsRefusedIfOthersCanAddKeys(t *testing.T) {
	for _, row := range []struct {
		what     string
		info     fakeInfo
		readOnly bool
		refused  string // part of the error; empty if it is allowed
	}{
		{"as keys new makes it", fakeInfo{0o700, 65532, 65532}, false, ""},
		{"a Docker volume", fakeInfo{0o755, 65532, 65532}, false, ""},
		{"a directory of root", fakeInfo{0o755, 0, 0}, false, ""},
		{"a secret of Kubernetes", fakeInfo{0o777 | sticky, 0, 0}, true, ""},
		{"a secret of Kubernetes with fsGroup", fakeInfo{0o777 | sticky | setgid, 0, 2000}, true, ""},
		{"a volume of Kubernetes with fsGroup", fakeInfo{0o775 | setgid, 0, 2000}, false, ""},
		{"a volume of Kubernetes with the fsGroup of others", fakeInfo{0o775 | setgid, 0, 3000}, false, "the group 3000 can add a key"},
		{"a directory on the host, mounted read-only", fakeInfo{0o755, 1000, 1000}, true, ""},
		{"the same, writable by its group", fakeInfo{0o775, 1000, 1000}, true, ""},
		{"the same, writable by everybody", fakeInfo{0o777, 1000, 1000}, true, "every user of this machine can add a key"},
		{"a writable directory of another user", fakeInfo{0o755, 1000, 1000}, false, "chown 65532"},
		{"/tmp", fakeInfo{0o777 | sticky, 0, 0}, false, "every user of this machine can add a key"},
		{"an emptyDir of Kubernetes", fakeInfo{0o777 | setgid, 0, 2000}, false, "use a subdirectory"},
		{"umask 002", fakeInfo{0o775, 65532, 65532}, false, "chmod g-w"},
		{"writable by the group and set by the administrator", fakeInfo{0o770 | setgid, 65532, 65532}, false, ""},
	} {
		check(t, row.what, ours(row.readOnly).checkDir("/keys", row.info), row.refused)
	}
}

func TestFile_IsRefusedIfOthersCanChangeIt(t *testing.T) {
	for _, row := range []struct {
		what     string
		info     fakeInfo
		readOnly bool
		refused  string
	}{
		{"as keys new makes it", fakeInfo{0o600, 65532, 65532}, false, ""},
		{"a Docker secret", fakeInfo{0o444, 0, 0}, false, ""},
		{"a secret of Kubernetes", fakeInfo{0o440, 0, 2000}, true, ""},
		{"a file on the host, mounted read-only", fakeInfo{0o664, 1000, 1000}, true, ""},
		{"a file that everybody can change, mounted read-only", fakeInfo{0o666, 1000, 1000}, true, "every user of this machine can change"},
		{"a file that everybody can change", fakeInfo{0o602, 65532, 65532}, false, "chmod 600 /nowhere/a.pem"},
		{"a file that a group can change", fakeInfo{0o660, 65532, 2000}, false, "chmod g-w /nowhere/a.pem"},
		{"a planted file", fakeInfo{0o644, 1000, 1000}, false, "its owner is the user 1000"},
	} {
		check(t, row.what, ours(row.readOnly).checkFile("/nowhere/a.pem", row.info), row.refused)
	}
}

// Kubernetes makes every file of a volume with an fsGroup writable by that group.
func TestFile_InASharedDirectoryMayBeWritableByItsGroup(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o770|setgid); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	of, _ := ownerOf(info)
	group := of.gid
	p := process{os.Geteuid(), []int{group}, func(string) bool { return false }}
	path := filepath.Join(dir, "a.pem")
	uid := uint32(os.Geteuid())
	check(t, "the directory's group", p.checkFile(path, fakeInfo{0o660, uid, uint32(group)}), "")
	check(t, "another group", p.checkFile(path, fakeInfo{0o660, uid, uint32(group) + 1}), "can change this key")
	p.groups = nil
	check(t, "a group that is not ours", p.checkFile(path, fakeInfo{0o660, uid, uint32(group)}), "can change this key")
}

// An administrator runs `keys list` for the keys of a service.
func TestFile_OfTheDirectorysOwnerIsTrustedByRoot(t *testing.T) {
	dir := t.TempDir()
	owner := uint32(os.Geteuid())
	root := process{0, nil, func(string) bool { return false }}
	path := filepath.Join(dir, "a.pem")
	check(t, "a directory of a service", root.checkDir(dir, fakeInfo{0o700, 65532, 65532}), "")
	check(t, "the directory's owner", root.checkFile(path, fakeInfo{0o600, owner, owner}), "")
	check(t, "another user", root.checkFile(path, fakeInfo{0o600, owner + 1, owner}), "only root")
}

func TestCheck_UsesTheProcessAndTheFileSystem(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		mode    fs.FileMode
		refused string
	}{{0o700, ""}, {0o755, ""}, {0o777, "mode 0777"}, {0o777 | sticky, "mode 0777"}, {0o770, "mode 0770"}} {
		if err := os.Chmod(dir, row.mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		check(t, row.mode.String(), CheckDir(dir, info), row.refused)
		check(t, row.mode.String()+" as a file", CheckFile(dir, info), row.refused)
	}
	if isReadOnly(dir) {
		t.Errorf("the mount of %s is read-only, want writable", dir)
	}
}

func check(t *testing.T, what string, got error, refused string) {
	t.Helper()
	if refused == "" && got != nil || refused != "" && (got == nil || !strings.Contains(got.Error(), refused)) {
		t.Errorf("%s: got %v, want %q", what, got, refused)
	}
}

func TestWriteAdvice_NamesBothUsersAndTheCommand(t *testing.T) {
	for _, tt := range []struct {
		uid, owner int
		want       string
	}{
		{65532, 65532, "its mode is 0555. Run: chmod u+w /keys"},
		{0, 1000, "its mode is 0555. Run: chmod u+w /keys"},
		{65532, 0, "it belongs to the user 0, but this program runs as the user 65532. Run: chown 65532 /keys"},
	} {
		got := process{uid: tt.uid}.writeAdvice("/keys", fakeInfo{0o555, uint32(tt.owner), 0})
		if !strings.Contains(got, tt.want) {
			t.Errorf("the advice for a directory of %d to the user %d = %q, want %q", tt.owner, tt.uid, got, tt.want)
		}
	}
}
