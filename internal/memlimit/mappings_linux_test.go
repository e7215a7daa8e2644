package memlimit

import (
	"strings"
	"testing"
)

// Only pages that are as in the file may be released. The linker changed the others, so
// the program would crash.
func TestReadMappings_SaysWhichPagesAreAsInTheFile(t *testing.T) {
	const sizes = "Size: 8 kB\nRss: 8 kB\nPrivate_Dirty: 0 kB\nAnonymous: 0 kB\nKSM: 0 kB\nSwap: 0 kB\nSwapPss: 0 kB\nVmFlags: rd ex mr mw me\n"
	for _, test := range []struct {
		name, permissions, sizes string
		want                     bool
	}{
		{"code", "r-xp", sizes, true},
		{"constants", "r--p", sizes, true},
		{"data", "rw-p", sizes, false},
		{"code that is shared", "r-xs", sizes, false},
		{"relocations", "r--p", strings.Replace(sizes, "Anonymous: 0", "Anonymous: 4", 1), false},
		{"relocations in the swap space", "r--p", strings.Replace(sizes, "Swap: 0", "Swap: 4", 1), false},
		{"nothing in memory", "r-xp", strings.Replace(sizes, "Rss: 8", "Rss: 0", 1), false},
		{"a system that writes zeros", "r--p", "Rss: 0 kB\nAnonymous: 0 kB\nSwap: 0 kB\n", false},
		{"a system that does not count swapped pages", "r--p", "Rss: 8 kB\nAnonymous: 0 kB\n", false},
		{"no sizes, as in maps", "r--p", "", false},
	} {
		text := "00400000-00402000 " + test.permissions + " 00000000 fe:00 1 /a program\n" + test.sizes
		found, err := readMappings(strings.NewReader("Rss: 1 kB\n\n" + text + text))
		if err != nil || len(found) != 2 {
			t.Fatalf("%s: %d mappings, %v; want 2", test.name, len(found), err)
		}
		for _, m := range found {
			if m.from != 0x400000 || m.to != 0x402000 || m.file != "/a program" || m.isCopyOfFile() != test.want {
				t.Errorf("%s: %+v, isCopyOfFile() = %v, want %v", test.name, m, m.isCopyOfFile(), test.want)
			}
		}
	}
}
