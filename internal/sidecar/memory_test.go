package sidecar

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/hooks/javascript"
	"github.com/tokengraft/tokengraft/internal/connlimit"
	"github.com/tokengraft/tokengraft/proxy"
)

// limitMemory sets the memory limit of the Go runtime until the test ends.
func limitMemory(t *testing.T, container int64) {
	before := debug.SetMemoryLimit(int64(runtimePart * float64(container)))
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
}

func TestMemory_DefaultsFitAContainerOf256MiB(t *testing.T) {
	limitMemory(t, 256<<20)
	cfg := config.Default()
	if advice := memoryAdvice(cfg); advice != "" {
		t.Errorf("the defaults: got the advice %q, want none", advice)
	}
	if got := memoryLimit(cfg) >> 20; got < 48 || got > 64 {
		t.Errorf("limits.memory is %d MiB, want about 57", got)
	}
	if got := capacityOf(cfg); got.Connections < 500 || got.boundBy != "limits.memory" {
		t.Errorf("got %d connections, bound by %s; want at least 500, bound by limits.memory", got.Connections, got.boundBy)
	}
}

// With functions, the Go runtime gets what one process of functions leaves.
func TestMemory_DefaultsFitAContainerOf256MiBWithFunctions(t *testing.T) {
	limitMemory(t, 256<<20-int64(processSize/runtimePart))
	if advice := memoryAdvice(config.Default()); advice != "" {
		t.Errorf("the defaults: got the advice %q, want none", advice)
	}
}

// check has no memory limit of its own. It must warn about what serve warns about.
func TestMemory_WithoutALimitIsWithoutTheProcessesOfFunctions(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	cfg := config.Default()
	without := runtimeLimit(cfg)
	cfg.Functions.Dir, cfg.Functions.Processes, cfg.UserCreation.Function = "functions", 1, "create"
	if got := runtimeLimit(cfg); got != without-processSize {
		t.Errorf("the limit with one process of functions is %d, want %d: %d less than without", got, without-processSize, processSize)
	}
}

func TestMemory_IsThatOfTheMachineIfTheCgroupAllowsMore(t *testing.T) {
	const gib = 1 << 30
	for _, test := range []struct {
		cgroup, machine, want int64
		from                  string
	}{
		{gib, 8 * gib, gib, "cgroup"},
		{gib, 0, gib, "cgroup"},
		{64 * gib, 8 * gib, 4 * gib, "machine"},
		{0, 8 * gib, 4 * gib, "machine"},
		{0, 0, gib, "machine"},
	} {
		limit, from := memoryOf(test.cgroup, test.machine)
		if want := int64(runtimePart * float64(test.want)); limit != want || from != test.from {
			t.Errorf("cgroup %d, machine %d: got %d from the %s, want %d from the %s", test.cgroup, test.machine, limit, from, want, test.from)
		}
	}
}

func TestMemory_ServesAFewWithoutEnough(t *testing.T) {
	limitMemory(t, 32<<20)
	cfg := config.Default()
	cfg.Limits.Body = 16 << 10
	if got := memoryLimit(cfg); got != leastMemory {
		t.Errorf("limits.memory is %d, want %d", got, leastMemory)
	}
	if got := capacityOf(cfg).Connections; got < 100 {
		t.Errorf("got %d connections, want at least 100", got)
	}
}

func TestMemory_WarnsIfItDoesNotSuffice(t *testing.T) {
	limitMemory(t, 256<<20)
	for name, change := range map[string]func(*config.Config){
		"a large cache":   func(c *config.Config) { c.Cache.MaxBytes = 200 << 20 },
		"large requests":  func(c *config.Config) { c.Limits.Memory = 300 << 20 },
		"little memory":   func(c *config.Config) { c.Limits.Memory = 2 << 20 },
		"a body too many": func(c *config.Config) { c.Limits.Body = 8 << 20 },
	} {
		cfg := config.Default()
		change(cfg)
		if advice := memoryAdvice(cfg); !strings.Contains(advice, "limits.body") {
			t.Errorf("%s: got the advice %q, want it to name the settings", name, advice)
		}
	}
}

func TestCapacity_FollowsTheSmallestBound(t *testing.T) {
	limitMemory(t, 64<<30)
	cfg := config.Default()
	cfg.Limits.Connections = 50
	if got := capacityOf(cfg); got.Connections != 50 || got.boundBy != "limits.connections" {
		t.Errorf("got %+v, want the 50 of limits.connections", got)
	}
	cfg.Limits.Connections = 1_000_000
	cfg.Limits.Memory = 100 * connlimit.Cost
	if got := capacityOf(cfg); got.Connections != 50 || got.boundBy != "limits.memory" {
		t.Errorf("got %+v, want the 50 for which memory suffices", got)
	}
}

func TestOnWire_IsAWholeResponse(t *testing.T) {
	wire := onWire(http.HandlerFunc(proxy.HeadersTooLarge))
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(wire)), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusRequestHeaderFieldsTooLarge || !response.Close || !json.Valid(body) {
		t.Errorf("got %q, error %v; want a 431 with JSON that closes the connection", wire, err)
	}
}

// A reload that adds functions leaves memory for their process, and one that removes
// them gives it back.
func TestReload_LeavesMemoryForFunctionsThatItAdds(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "")
	limitMemory(t, 256<<20)
	cfg := load(t, map[string]string{"tokengraft.yaml": withMongoDB, "f.js": "exports = () => 1"})
	LimitMemory(cfg, slog.New(slog.DiscardHandler))
	whole := debug.SetMemoryLimit(-1)
	s, err := Open(cfg, Options{Functions: javascript.Engine,
		Load: func() (*config.Config, error) { return config.Load(cfg.File(), os.LookupEnv) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	s.limitsMemory = true
	ctx, end := context.WithCancel(t.Context())
	defer end()
	for _, row := range []struct {
		added string
		want  int64
	}{{"functions: {dir: ., processes: 1}\nuser_creation: {function: f}\n", whole - processSize}, {"", whole}} {
		if err := os.WriteFile(cfg.File(), []byte(withMongoDB+row.added), 0o600); err != nil {
			t.Fatal(err)
		}
		s.reloader.reload(ctx, true)
		if fault := s.reloader.state(); fault != nil {
			t.Fatal(fault)
		}
		if got := debug.SetMemoryLimit(-1); got != row.want {
			t.Errorf("with %q: the memory limit is %d MiB, want %d", row.added, got>>20, row.want>>20)
		}
	}
	end() // the functions of the first reload are closed at once
}
