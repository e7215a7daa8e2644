// Package memlimit finds out how much memory this process may use: the limit of its
// cgroup, as containers and systemd set it, and the memory of the machine.
package memlimit

import (
	"bufio"
	"bytes"
	"io/fs"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// unlimited is a limit that is none. Version 1 of cgroups writes a number just below
// 2^63 instead of the word max.
const unlimited = 1 << 60

// Cgroup returns the memory limit of the cgroup of this process in bytes: the smallest
// of its own limits and those of the groups around it. It returns 0 if there is none, or
// on a system without cgroups. root is the root of the file system, os.DirFS("/").
func Cgroup(root fs.FS) int64 {
	limit := int64(math.MaxInt64)
	for _, m := range mounts(root) {
		own, ok := groupOf(root, m)
		if !ok {
			continue
		}
		for _, dir := range groups(m.point, own) {
			for _, file := range m.files() {
				limit = min(limit, readLimit(root, path.Join(dir, file)))
			}
		}
	}
	if limit >= unlimited {
		return 0
	}
	return limit
}

// groups returns the directories of a group and of the groups around it, up to the
// mount. Paths of an [fs.FS] have no first slash, and the mount may be the root itself.
func groups(mount, own string) (dirs []string) {
	mount, dir := path.Join("/", mount), path.Join("/", mount, own)
	for ; ; dir = path.Dir(dir) {
		dirs = append(dirs, strings.TrimPrefix(dir, "/"))
		if len(dir) <= len(mount) {
			return dirs
		}
	}
}

// Machine returns the memory of the machine in bytes, or 0 if the system does not say.
func Machine(root fs.FS) int64 {
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	at := slices.Index(fields, "MemTotal:")
	if at < 0 || at+1 >= len(fields) {
		return 0
	}
	kib, _ := strconv.ParseInt(fields[at+1], 10, 53)
	return kib << 10
}

// A mount is a hierarchy of cgroups that can limit memory.
type mount struct {
	v2          bool
	root, point string // the group that is mounted, and where: a path without the first slash
}

// files returns the files with the limits of a group. At memory.high the kernel slows
// a process down until it hardly runs, so that is a limit too.
func (m mount) files() []string {
	if m.v2 {
		return []string{"memory.max", "memory.high"}
	}
	return []string{"memory.limit_in_bytes"}
}

// mounts reads the hierarchies from /proc/self/mountinfo, described in proc(5):
//
//	ID PARENT DEVICE ROOT POINT OPTIONS [TAG…] - TYPE SOURCE SUPEROPTIONS
func mounts(root fs.FS) (found []mount) {
	for _, line := range lines(root, "proc/self/mountinfo") {
		before, after, ok := strings.Cut(line, " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !ok || len(left) < 5 || len(right) < 3 {
			continue
		}
		v2 := right[0] == "cgroup2"
		if v2 || right[0] == "cgroup" && slices.Contains(strings.Split(right[2], ","), "memory") {
			found = append(found, mount{v2, left[3], strings.TrimPrefix(left[4], "/")})
		}
	}
	return found
}

// groupOf returns the path of this process's group below a mount, from
// /proc/self/cgroup, described in cgroups(7):
//
//	ID:CONTROLLERS:PATH
func groupOf(root fs.FS, m mount) (own string, ok bool) {
	for _, line := range lines(root, "proc/self/cgroup") {
		fields := strings.SplitN(line, ":", 3)
		if len(fields) < 3 {
			continue
		}
		v2 := fields[0] == "0" && fields[1] == ""
		if v2 != m.v2 || !v2 && !slices.Contains(strings.Split(fields[1], ","), "memory") {
			continue
		}
		own, ok = strings.CutPrefix(fields[2]+"/", strings.TrimSuffix(m.root, "/")+"/")
		if !ok || strings.Contains(own, "..") {
			own = "" // the mount is the group itself, as in a container
		}
		return own, true
	}
	return "", false
}

func lines(root fs.FS, name string) (lines []string) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return nil
	}
	for scanner := bufio.NewScanner(bytes.NewReader(text)); scanner.Scan(); {
		lines = append(lines, scanner.Text())
	}
	return lines
}

// readLimit returns the limit in a file, and one that is none if there is no number.
func readLimit(root fs.FS, name string) int64 {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return math.MaxInt64
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || limit <= 0 {
		return math.MaxInt64
	}
	return limit
}
