package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// leakproof is tokengraft, but ends with an exit code of its own if anything of
// the sidecar still runs once it has stopped.
func leakproof() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	// A question to the DNS that nobody waits for any more ends by itself, when
	// the resolver's own time is over.
	err := goleak.Find()
	for deadline := time.Now().Add(20 * time.Second); err != nil && time.Now().Before(deadline); {
		err = goleak.Find()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "left behind:", err)
		code = exitLeak
	}
	os.Exit(code)
}

const exitLeak = 100

// A process is a sidecar in a process of its own, so that what it takes of the
// machine can be counted, and limited.
type process struct {
	public, admin string // addresses
	cmd           *exec.Cmd
	log           lockedBuffer
	drained       sync.WaitGroup
}

// startProcess runs `serve` with this configuration, whose listeners have port 0,
// until the test ends. It then wants a clean stop that leaves nothing running. A
// wrapper, if any, is a command line that runs the rest of its arguments.
func startProcess(t *testing.T, dir, configuration string, wrapper ...string) *process {
	t.Helper()
	file := filepath.Join(dir, "tokengraft.yaml")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append(wrapper, "leakproof", "serve", "-c", file)
	p := &process{cmd: exec.Command(args[0], args[1:]...)}
	// With a low GOGC the heap is about what is in use.
	p.cmd.Env = append(os.Environ(), "LOG_FORMAT=json", "LOG_LEVEL=info", "GOGC=20")
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop(t) })
	lines := make(chan string, 2)
	p.drained.Go(func() { p.read(stderr, lines) })
	p.public, p.admin = <-lines, <-lines
	if p.admin == "" {
		t.Fatalf("serve does not listen:\n%s", p.log.String())
	}
	return p
}

// read keeps the log, without what it says of each request, and tells the
// addresses in it.
func (p *process) read(stderr io.Reader, addresses chan<- string) {
	defer close(addresses)
	scanner := bufio.NewScanner(stderr)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var line struct{ Msg, Address string }
		_ = json.Unmarshal(scanner.Bytes(), &line) // a panic is no JSON
		switch line.Msg {
		case "request":
			continue
		case "listening":
			addresses <- line.Address
		}
		p.log.add(scanner.Text())
	}
}

func (p *process) stop(t *testing.T) {
	t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.drained.Wait()
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("serve: %v", err)
	}
	if t.Failed() {
		t.Logf("its log:\n%s", p.log.String())
	}
}

// lockedBuffer keeps lines.
type lockedBuffer struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (b *lockedBuffer) add(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines.WriteString(line + "\n")
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines.String()
}

// usage is what a process takes.
type usage struct {
	goroutines, files int   // files: connections too
	heap, resident    int64 // bytes
}

// metrics are what /metrics says: the value of each series.
type metrics map[string]float64

func (p *process) metrics(t *testing.T) metrics {
	t.Helper()
	text, err := askAdmin(context.WithoutCancel(t.Context()), p.admin, "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	series := metrics{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := cutLast(strings.TrimSpace(line)); ok {
			series[name], _ = strconv.ParseFloat(value, 64)
		}
	}
	return series
}

func cutLast(line string) (name, value string, ok bool) {
	space := strings.LastIndexByte(line, ' ')
	if space < 0 || line[0] == '#' {
		return "", "", false
	}
	return line[:space], line[space+1:], true
}

func (m metrics) usage() usage {
	return usage{
		goroutines: int(m["go_goroutines"]),
		files:      int(m["process_open_fds"]),
		heap:       int64(m["go_memstats_heap_alloc_bytes"]),
		resident:   int64(m["process_resident_memory_bytes"]),
	}
}

var reasonLabel = regexp.MustCompile(`^tokengraft_tokens_total\{.*reason="(\w+)"`)

// reasons counts tokens by what became of them.
func (m metrics) reasons() map[string]int {
	counts := map[string]int{}
	for name, value := range m {
		if label := reasonLabel.FindStringSubmatch(name); label != nil {
			counts[label[1]] += int(value)
		}
	}
	return counts
}

// comesAndGoes is what the MongoDB driver starts and ends by itself: that many
// goroutines, and files.
const comesAndGoes = 4

// settle waits until the process has made the connections that it makes by
// itself, and has dropped the unused ones. It returns what is taken then.
func (p *process) settle(t *testing.T) usage {
	t.Helper()
	least := p.metrics(t).usage()
	for same, samples := 0, 0; same < 4 && samples < 100; samples++ {
		time.Sleep(150 * time.Millisecond)
		now := p.metrics(t).usage()
		same++
		if now.goroutines < least.goroutines || now.files < least.files || now.goroutines > least.goroutines+comesAndGoes {
			least, same = now, 0
		}
	}
	return least
}

// wantNoMore waits until the process takes no more than it did before, but for
// so many connections that it may keep for later, and returns what it takes.
func (p *process) wantNoMore(t *testing.T, before usage, kept int) (now usage) {
	t.Helper()
	const someBytes = 8 << 20 // garbage that is not collected yet
	for range 20 {
		now = p.settle(t)
		if now.goroutines <= before.goroutines+comesAndGoes && now.files <= before.files+comesAndGoes+kept && now.heap <= before.heap+someBytes {
			return now
		}
	}
	t.Errorf("something is left behind: it took %+v before and takes %+v after", before, now)
	return now
}

// waitReady waits until requests should be sent to the process.
func (p *process) waitReady(t *testing.T) {
	t.Helper()
	var err error
	for range 200 {
		if _, err = askAdmin(t.Context(), p.admin, "/readyz"); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("not ready: %v", err)
}

// onceClient makes a connection for each request, so that none that was spoiled
// is used again, and gives up after a time.
func onceClient(patience time.Duration) *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
}
