package sidecar

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childFile is the environment variable with the file that a child process replaces, and
// childLimit the one with which no file may be larger than 4 KiB.
const childFile, childLimit = "TOKENGRAFT_TEST_REPLACE", "TOKENGRAFT_TEST_LIMIT"

// The contents are large, so that a child is often killed while it writes.
var oldText, newText = bytes.Repeat([]byte("old: 1\n"), 1<<17), bytes.Repeat([]byte("newer: 22\n"), 1<<17)

// TestReplaceFile_Child is the child process of the other tests.
func TestReplaceFile_Child(t *testing.T) {
	path := os.Getenv(childFile)
	if path == "" {
		t.Skip("this is the child process of other tests")
	}
	if os.Getenv(childLimit) != "" {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: 4096}); err != nil {
			t.Fatal(err)
		}
		if err := replaceFile(path, newText); err == nil {
			t.Fatal("the file was replaced")
		}
		return
	}
	for {
		for _, text := range [][]byte{newText, oldText} {
			if err := replaceFile(path, text); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func child(t *testing.T, path string, environment ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestReplaceFile_Child$")
	c.Env = append(append(os.Environ(), childFile+"="+path), environment...)
	return c
}

func TestReplaceFile_IsWholeWhenTheProcessIsKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokengraft.yaml")
	if err := os.WriteFile(path, oldText, 0o600); err != nil {
		t.Fatal(err)
	}
	interrupted := 0
	for i := range 12 {
		c := child(t, path)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(40*time.Millisecond + time.Duration(i)*7*time.Millisecond)
		_ = c.Process.Kill()
		_ = c.Wait()
		if text, err := os.ReadFile(path); err != nil || !bytes.Equal(text, oldText) && !bytes.Equal(text, newText) {
			t.Fatalf("after the kill the file has %d bytes, %v; want the old or the new", len(text), err)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
			interrupted++
		}
	}
	t.Logf("%d of 12 children were killed before the rename", interrupted)
	if err := replaceFile(path, []byte("a: 1\n")); err != nil {
		t.Fatal(err)
	}
	if all, _ := os.ReadDir(filepath.Dir(path)); len(all) != 1 {
		t.Errorf("files that are left: %v, want only the configuration", all)
	}
}

func TestReplaceFile_FullDiskLeavesTheOldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokengraft.yaml")
	if err := os.WriteFile(path, oldText, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := child(t, path, childLimit+"=1").CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(path)
	all, _ := os.ReadDir(filepath.Dir(path))
	if err != nil || !bytes.Equal(text, oldText) || len(all) != 1 {
		t.Errorf("the file has %d bytes, %v, and the directory %v; want only the old file", len(text), err, all)
	}
}
