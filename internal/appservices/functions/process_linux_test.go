package functions_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tokengraft/tokengraft/internal/appservices/functions"
	"github.com/tokengraft/tokengraft/internal/reexec"
)

func TestProcess_StopsWithItsCaller(t *testing.T) {
	var log bytes.Buffer
	app := open(t, `exports = (s) => /^(?=(a+)+$)(a+)+$/.test(s)`, func(o *functions.Options) {
		o.Timeout, o.Logger = functions.MaxTimeout, slog.New(slog.NewTextHandler(&log, nil))
	})
	before := childUsage(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	slow := functions.Call{Function: "f", Args: args(`"` + strings.Repeat("a", 40) + `!"`)}
	if _, err := app.Call(ctx, slow); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the caller's deadline", err)
	}
	if got, err := call(t, app, `"aa"`); err != nil || got != "true" {
		t.Errorf("the next call: got %s, %v; want true", got, err)
	}
	closed(t, app)
	if after := childUsage(t); after-before > 3*time.Second {
		t.Errorf("the processes used processors for %s, want about 0.5s: a match must end with its caller", after-before)
	}
	if !strings.Contains(log.String(), "function=f") || !strings.Contains(log.String(), "regular expression that backtracks") {
		t.Errorf("log %s; want a line that names the function and says what to look for", log.String())
	}
}

// bombs are functions that take much memory or time in one built-in, which JavaScript
// cannot interrupt.
var bombs = []struct{ name, source string }{
	{"a huge number", `const a = 2n; return a**(a**40n)`},
	{"an array that is filled", `const a = []; a.length = 4294967295; a.fill(0)`},
	{"a text that is repeated", `return Array(1000).fill("x".repeat(1 << 20)).join("")`},
	{"a text that is replaced", `return "x".repeat(1 << 20).replace(/x/g, "y".repeat(1000))`},
	{"a text that doubles", `let s = "x"; for (;;) s += s`},
	{"a product", `let a = 3n; for (;;) a *= a`},
	{"arrays in an array", `return Array.from({length: 1 << 20}, () => new Array(1 << 20).fill(0))`},
	{"deep nesting", `let a = []; for (let i = 0; i < 1e6; i++) a = [a]; return JSON.stringify(a)`},
	{"deep nesting that is flattened", `let a = []; for (let i = 0; i < 1e6; i++) a = [a]; return a.flat(Infinity)`},
	{"buffers", `const a = []; for (;;) a.push(new ArrayBuffer(1 << 20))`},
}

func TestProcess_KeepsItsMemoryLimitInEveryBuiltin(t *testing.T) {
	if !reexec.BoundsMemory {
		t.Skip("SKIPPED: with the race detector, memory has no limit; run without -race")
	}
	before, largest := peak(t), largestProcess(t)
	for _, tt := range bombs {
		t.Run(tt.name, func(t *testing.T) {
			app := open(t, `exports = (bomb) => { if (!bomb) return "works"; `+tt.source+` }`, func(o *functions.Options) { o.Timeout = functions.MaxTimeout })
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // the time limit of this call only: the next may need a new process
			defer cancel()
			got, err := app.Call(ctx, functions.Call{Function: "f", Args: args("true")})
			if !errors.Is(err, functions.ErrMemory) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, functions.ErrStack) {
				t.Errorf("got %.80s, %v; want that a limit was exceeded", got, err)
			}
			if took := time.Since(start); took > 20*time.Second { // less than the limit of the app, on a busy machine too
				t.Errorf("the call took %s, want at most the time limit of 3s and a moment", took)
			}
			if got, err := call(t, app, "false"); err != nil || got != `"works"` {
				t.Errorf("the next call: got %s, %v; want that it works", got, err)
			}
			closed(t, app)
		})
	}
	// 32 MiB for the call, 24 MiB for garbage, and the program itself, of which the
	// processes share most.
	if memory := largest(); memory > 80<<10 {
		t.Errorf("the largest process had %d MiB of its own, want at most 80", memory>>10)
	} else {
		t.Logf("the largest process had %d MiB of its own", memory>>10)
	}
	if grown := peak(t) - before; grown > 24<<20 {
		t.Errorf("the memory of this process grew by %d MiB, want at most 24: functions must not use it", grown>>20)
	}
}

// The compiler computes constants.
func TestOpen_RefusesAConstantThatIsTooLarge(t *testing.T) {
	_, err := functions.Open(functions.Options{Functions: map[string]string{"f": `exports = () => 2n**(2n**40n)`}})
	if err == nil || !strings.Contains(err.Error(), "could not be compiled") || !strings.Contains(err.Error(), "constants") {
		t.Errorf("got %v, want an error about constants", err)
	}
}

func TestProcess_KilledFromOutsideCostsOneCall(t *testing.T) {
	var log bytes.Buffer
	app := open(t, `exports = (loop) => { while (loop) {} return "works" }`, func(o *functions.Options) {
		o.Timeout, o.Logger, o.Processes = functions.MaxTimeout, slog.New(slog.NewTextHandler(&log, nil)), 1
	})
	failed := make(chan error, 1)
	go func() {
		_, err := app.Call(t.Context(), functions.Call{Function: "f", Args: args("true")})
		failed <- err
	}()
	running := processes(t)
	if len(running) != 1 {
		t.Fatalf("got the processes %v, want one", running)
	}
	awaitProcessors(t, running[0])
	if err := syscall.Kill(running[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !errors.Is(err, functions.ErrProcess) {
		t.Errorf("the call whose process was killed: got %v, want %v", err, functions.ErrProcess)
	}
	if got, err := call(t, app, "false"); err != nil || got != `"works"` {
		t.Errorf("the next call: got %s, %v; want that it works", got, err)
	}
	if !strings.Contains(log.String(), "signal: killed") || !strings.Contains(log.String(), "memory limit of the container") {
		t.Errorf("log %s; want a line that says how the process ended and what to look for", log.String())
	}
}

// Also when the sidecar has not yet noticed that the process has ended.
func TestProcess_KilledWhileIdleCostsNoCall(t *testing.T) {
	app := open(t, `exports = () => "works"`)
	for range 10 {
		for _, id := range processes(t) {
			if err := syscall.Kill(id, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			for start := time.Now(); runs(id) && time.Since(start) < 20*time.Second; {
				runtime.Gosched()
			}
		}
		if got, err := call(t, app); err != nil || got != `"works"` {
			t.Fatalf("got %s, %v; want that it works", got, err)
		}
	}
}

func TestProcesses_AreFewAndLeaveNoTrace(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	app := open(t, `exports = (n) => n % 100 ? n : (() => { while (true) {} })()`, func(o *functions.Options) {
		o.Timeout, o.Processes = functions.MaxTimeout, 2
	})
	var calls sync.WaitGroup
	for i := range 1000 {
		calls.Go(func() {
			ctx := t.Context()
			if i%100 == 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 20*time.Millisecond)
				defer cancel()
			}
			_, err := app.Call(ctx, functions.Call{Function: "f", Args: args(strconv.Itoa(i))})
			if (err == nil) != (i%100 != 0) {
				t.Errorf("call %d: got %v", i, err)
			}
		})
		if i%50 == 0 {
			if now := processes(t); len(now) > 2 {
				t.Errorf("got the processes %v at once, want at most 2", now)
			}
		}
	}
	calls.Wait()
	closed(t, app)
}

// A process must not have what the sidecar has: connections, files, secrets in the
// environment.
func TestProcess_HasNeitherEnvironmentNorFiles(t *testing.T) {
	t.Setenv("HUSH", "hunter2")
	secret, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	open(t, `exports = () => 1`)
	for _, id := range processes(t) {
		environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", id))
		if err != nil || bytes.Contains(environment, []byte("hunter2")) || bytes.Count(environment, []byte{0}) > 2 {
			t.Errorf("environment %q, error %v; want only settings of the Go runtime", environment, err)
		}
		files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", id))
		if err != nil || len(files) == 0 {
			t.Fatalf("got files %v, error %v", files, err)
		}
		for _, file := range files {
			target, _ := os.Readlink(file)
			if target != os.DevNull && !strings.HasPrefix(target, "pipe:") && !strings.HasPrefix(target, "anon_inode:") &&
				!strings.HasPrefix(target, "/sys/fs/cgroup/") { // the Go runtime reads the limits of processors there
				t.Errorf("it has the file %s, want only pipes", target)
			}
		}
	}
}

func TestCall_SaysThatNoProcessCanStart(t *testing.T) {
	app := open(t, `exports = (bomb) => { while (bomb) {} return 1 }`)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for _, id := range processes(t) {
		syscall.Kill(id, syscall.SIGKILL)
	}
	_, _ = app.Call(ctx, functions.Call{Function: "f", Args: args("true")})
	var usual syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &usual); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &usual)
	for _, id := range processes(t) {
		syscall.Kill(id, syscall.SIGKILL)
	}
	for start := time.Now(); len(processes(t)) > 0 && time.Since(start) < 20*time.Second; {
		runtime.Gosched()
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: usual.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := call(t, app, "false")
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &usual)
	if err == nil || !strings.Contains(err.Error(), "could not be started") || !strings.Contains(err.Error(), "open files") {
		t.Errorf("got %v, want an error that names the limit", err)
	}
	if got, err := call(t, app, "false"); err != nil || got != `{"$numberLong":"1"}` {
		t.Errorf("the next call: got %s, %v; want that it works", got, err)
	}
}
