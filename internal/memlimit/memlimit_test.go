package memlimit

import (
	"testing"
	"testing/fstest"
)

func TestCgroup_ReadsTheSmallestLimit(t *testing.T) {
	const (
		v2    = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
		v1    = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
		other = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n22 27 0:21 / /proc rw - proc proc rw\n"
		none  = "9223372036854771712\n"
	)
	for _, test := range []struct {
		name          string
		groups, mount string
		files         map[string]string
		want          int64
	}{
		{"a container with v2", "0::/\n", v2, map[string]string{"memory.max": "268435456\n"}, 256 << 20},
		{"v2 without a limit", "0::/\n", v2, map[string]string{"memory.max": "max\n", "memory.high": "max\n"}, 0},
		{"v2 with memory.high", "0::/\n", v2, map[string]string{"memory.max": "max\n", "memory.high": "104857600\n"}, 100 << 20},
		{"a service of systemd", "0::/system.slice/tokengraft.service\n", v2, map[string]string{"system.slice/tokengraft.service/memory.max": "524288000\n"}, 500 << 20},
		{"a limit of the group around it", "0::/kubepods.slice/pod1/c1\n", v2, map[string]string{"kubepods.slice/pod1/c1/memory.max": "max\n", "kubepods.slice/pod1/memory.max": "134217728\n", "kubepods.slice/memory.max": "1073741824\n"}, 128 << 20},
		{"a limit of another group", "0::/a/b\n", v2, map[string]string{"c/memory.max": "1000\n"}, 0},
		{"v1", "4:memory:/docker/c1\n0::/\n", v1 + other, map[string]string{"memory/docker/c1/memory.limit_in_bytes": "268435456\n", "memory/memory.limit_in_bytes": none}, 256 << 20},
		{"v1 without a limit", "4:memory:/docker/c1\n", v1, map[string]string{"memory/docker/c1/memory.limit_in_bytes": none}, 0},
		{"v1 where only the container's group is mounted", "4:cpu,memory:/docker/c1\n", "35 31 0:32 /docker/c1 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory,cpu\n", map[string]string{"memory/memory.limit_in_bytes": "268435456\n"}, 256 << 20},
		{"v1 in a namespace of its own", "4:memory:/../../other\n", v1, map[string]string{"memory/memory.limit_in_bytes": "268435456\n"}, 256 << 20},
		{"both versions, v1 has the controller", "4:memory:/g\n0::/\n", v1 + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n", map[string]string{"memory/g/memory.limit_in_bytes": "1048576\n"}, 1 << 20},
		{"no cgroups", "", other, nil, 0},
		{"files that make no sense", "x\n1:2\n::\n", "a - b\n - - -\n" + v2, map[string]string{"memory.max": "-5\n"}, 0},
	} {
		root := fstest.MapFS{
			"proc/self/cgroup":    {Data: []byte(test.groups)},
			"proc/self/mountinfo": {Data: []byte(test.mount)},
		}
		for name, text := range test.files {
			root["sys/fs/cgroup/"+name] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := Cgroup(root); got != test.want {
			t.Errorf("%s: Cgroup() = %d, want %d", test.name, got, test.want)
		}
	}
	if got := Cgroup(fstest.MapFS{}); got != 0 {
		t.Errorf("a system without /proc: Cgroup() = %d, want 0", got)
	}
}

// A container's first process can see its hierarchy at the root of a file system.
func TestCgroup_EndsAtAHierarchyMountedAtTheRoot(t *testing.T) {
	for _, test := range []struct{ mounted, own string }{{"/", "/"}, {"/", "/a/b"}, {"/", "/../x"}, {"/", ""}, {"/c1", "/c1"}, {"/c1", "/c1/a/b"}, {"/c1", "/c10/b"}} {
		root := fstest.MapFS{
			"proc/self/cgroup":    {Data: []byte("0::" + test.own + "\n")},
			"proc/self/mountinfo": {Data: []byte("30 23 0:26 " + test.mounted + " / rw,nosuid shared:9 - cgroup2 cgroup2 rw\n")},
			"memory.max":          {Data: []byte("1048576\n")},
			"a/memory.max":        {Data: []byte("2097152\n")},
			"0/memory.max":        {Data: []byte("4096\n")}, // that of another group
		}
		if got := Cgroup(root); got != 1<<20 {
			t.Errorf("own group %q below %q: Cgroup() = %d, want %d", test.own, test.mounted, got, 1<<20)
		}
	}
}

func TestMachine_ReadsItsMemory(t *testing.T) {
	for text, want := range map[string]int64{
		"MemTotal:       24683656 kB\nMemFree:  1 kB\n": 24683656 << 10,
		"MemFree: 1 kB\n": 0,
		"MemTotal:":       0,
	} {
		if got := Machine(fstest.MapFS{"proc/meminfo": {Data: []byte(text)}}); got != want {
			t.Errorf("%q: Machine() = %d, want %d", text, got, want)
		}
	}
	if got := Machine(fstest.MapFS{}); got != 0 {
		t.Errorf("without /proc: Machine() = %d, want 0", got)
	}
}
