package exhaustion_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/tokengraft/tokengraft/internal/certs/certstest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

var full = flag.Bool("full", false, "make attacks of full size, and attack a container of 256 MiB: takes 15 minutes (make exhaustion)")

func TestMain(m *testing.M) { e2e.Main(m) }

// size returns the size of an attack.
func size(short, whole int) int {
	if *full {
		return whole
	}
	return short
}

// lasts is how long an attack lasts.
func lasts() time.Duration {
	if *full {
		return 8 * time.Second
	}
	return 1200 * time.Millisecond
}

const (
	// processLimits are the settings of TestProcess. The rest of mostMemory is for the
	// program itself, its cache, its connections, and the processes of functions.
	processLimits = "limits: {memory: 64MiB}\n"
	mostMemory    = 320 << 20
)

// TestProcess attacks the program as a process, whose memory is limited only by its
// settings. With TLS its rules are gates. No refresh token may be lost there, although a
// gate refuses answers that it cannot read.
func TestProcess(t *testing.T) {
	skipShort(t)
	plain := process(t)
	encrypted := plain
	encrypted.authority, encrypted.gates = certstest.New(t), true
	t.Run("plain", func(t *testing.T) { attackProcess(t, plain, attackRows()) })
	t.Run("TLS", func(t *testing.T) { attackProcess(t, encrypted, tlsRows) })
}

func attackProcess(t *testing.T, in environment, rows []attackRow) {
	s := newSuite(t, in, t.TempDir())
	s.most = mostMemory
	s.attack(t, rows)
}

// TestContainer attacks the program in a container of 256 MiB with default settings.
func TestContainer(t *testing.T) {
	skipShort(t)
	if !*full {
		t.Skip("SKIPPED, THE CONTAINER WAS NOT ATTACKED: it takes minutes; run `make exhaustion`")
	}
	dir := t.TempDir()
	in, name := container(t, dir)
	newSuite(t, in, dir).attack(t, attackRows())
	if got := inspect(t, name, "{{.State.OOMKilled}} {{.RestartCount}}"); got != "false 0" {
		t.Errorf("the container: got OOMKilled and RestartCount %s, want false 0", got)
	}
}

func skipShort(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED, EXHAUSTION WAS NOT TESTED: it reads /proc; run it on Linux")
	}
	if testing.Short() {
		t.Skip("SKIPPED, EXHAUSTION WAS NOT TESTED: it uses every processor for a minute; run without -short")
	}
}

// A suite attacks one program.
type suite struct {
	program *program
	backend *backend
	honest  *honest
	account *account
	most    int64 // bytes of memory that the program may use; 0 if the kernel limits it

	health  health
	results []result
}

// A result is a row of the printed table.
type result struct {
	name, sent string
	lasted     time.Duration
	peak       int64
	work       time.Duration // processor time
	users      experience
	burned     int
	restarts   int
	health     time.Duration // the slowest health check
	logged     int64
	limits     string // how often each was reached, by anyone
}

func newSuite(t *testing.T, in environment, dir string) *suite {
	b := startBackend(t)
	p := startProgram(t, in, dir, b)
	return &suite{
		program: p, backend: b,
		account: &account{pid: p.currentPID},
		honest:  &honest{program: p, backend: b, asking: map[string]int{}, results: map[string]*experience{}, keys: p.keys(t)},
	}
}

// attack makes one attack after the other while honest users log in, and prints what
// happened.
func (s *suite) attack(t *testing.T, rows []attackRow) {
	ctx, stop := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() { s.account.watch(ctx) })
	watching.Go(func() { s.health.watch(ctx, s.program.admin) })
	wait := s.honest.start(ctx, t)
	tokens := s.genuineTokens(t)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { s.run(t, row, tokens) })
	}
	stop()
	wait()
	watching.Wait()
	t.Logf("%s\n%s", t.Name(), s.table())
}

// run makes one attack and checks what it did.
func (s *suite) run(t *testing.T, row attackRow, tokens map[string]string) {
	s.honest.attacked(t, row.name)
	s.account.reset()
	s.health.reset()
	before := result{work: s.account.processorTime(), restarts: s.program.restarted(), logged: s.program.logged.Load()}
	refusedBefore := s.program.refusals()
	ctx, cancel := context.WithTimeout(context.Background(), lasts()+patience)
	defer cancel()
	start := time.Now()
	time.AfterFunc(lasts(), func() { s.honest.awaitRequests(ctx, row.name); cancel() })
	a := &attacker{ctx: ctx, t: t, at: s.program.public, from: row.from.list(), tls: s.program.tls, tokens: tokens, reload: s.program.reload}
	row.attack(a)
	lasted := time.Since(start)
	s.honest.attacked(t, "nothing")
	e2e.Eventually(t, "the program answers", func() bool {
		reply, err := s.program.admin.Try(http.MethodGet, "/livez", "")
		return err == nil && reply.Status == http.StatusOK
	})
	s.check(t, row, result{
		name: row.name, lasted: lasted, sent: a.sent(), peak: s.account.peakMemory(),
		work: s.account.processorTime() - before.work, users: s.honest.experienced(row.name), burned: s.backend.burned(row.name),
		restarts: s.program.restarted() - before.restarts, health: s.health.slowest(), logged: s.program.logged.Load() - before.logged,
		limits: s.program.refusals().since(refusedBefore),
	})
}

// leastAnswered is the percentage of honest users' requests that must be answered during an
// attack from other addresses. Almost all are. The rest is for a machine on which the
// attacker leaves them no processor.
const leastAnswered = 85

// check checks a result. The sidecar may refuse a few honest users, with 503 or by closing
// the connection before it reads a request, but it may not lose their tokens.
func (s *suite) check(t *testing.T, row attackRow, r result) {
	s.results = append(s.results, r)
	if s.most > 0 && r.peak > s.most {
		t.Errorf("the program used %d MiB, want at most %d", r.peak>>20, s.most>>20)
	}
	if r.restarts > 0 || r.burned > 0 {
		t.Errorf("got %d restarts and %d refresh tokens that the backend issued and no user received, want none", r.restarts, r.burned)
	}
	if failed := r.users.failed; len(failed) > 0 {
		t.Errorf("%d logins and refreshes failed other than by a refusal, want none, such as:\n%s", len(failed), strings.Join(failed[:min(3, len(failed))], "\n"))
	}
	if answered := r.users.answered(); answered < leastAnswered && row.from != sharedAddress {
		t.Errorf("%d %% of the honest users' requests were answered, want at least %d %%", answered, leastAnswered)
	}
	if r.health > mostHealth() {
		t.Errorf("a health check took %v, want at most %v", r.health, mostHealth())
	}
	if most := time.Duration(float64(row.work) * r.lasted.Seconds()); row.work > 0 && r.work > most {
		t.Errorf("the program used the processor for %v, want at most %v", r.work, most)
	}
}

// genuineTokens returns an enriched token of each algorithm.
func (s *suite) genuineTokens(t *testing.T) map[string]string {
	tokens := map[string]string{}
	for _, algorithm := range algorithms {
		body := s.program.ask(t, "/login", url.Values{"user": {attackerPrefix}, "algorithm": {algorithm}})
		for _, token := range e2e.Tokens(body) {
			tokens[algorithm] = token
		}
		if tokens[algorithm] == "" {
			t.Fatalf("a login with %s: got %s, want a token", algorithm, body)
		}
	}
	return tokens
}

func (s *suite) table() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 1, ' ', tabwriter.Debug)
	fmt.Fprintln(w, "attack\t the attacker sends\t memory\t processor\t logins p50\t p99\t answered\t ok\t 503\t closed\t originals\t failed\t burned\t restarts\t health\t log\t limits reached")
	for _, r := range s.results {
		fmt.Fprintf(w, "%s\t %s\t %d MiB\t %.1f s\t %v\t %v\t %d %%\t %d\t %d\t %d\t %d\t %d\t %d\t %d\t %v\t %d KiB\t %s\n", r.name, r.sent, r.peak>>20, r.work.Seconds(),
			r.users.percentile(50).Round(time.Millisecond), r.users.percentile(99).Round(time.Millisecond), r.users.answered(), len(r.users.took),
			r.users.overloaded, r.users.closed, r.users.originals, len(r.users.failed), r.burned, r.restarts, r.health.Round(time.Millisecond), r.logged>>10, r.limits)
	}
	w.Flush()
	return text.String()
}
