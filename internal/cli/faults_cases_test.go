package cli

import (
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// A fault is something that goes wrong between the sidecar and somebody, and
// what is promised of it. The table in the README is made of these.
type fault struct {
	where, what  string
	pass, refuse outcome // what the client gets under each policy
	// reason is what tokens count as that are not enriched; empty if there are
	// none.
	reason string
	// wait is what the sidecar adds to an answer at most, in words, and bound
	// what that is on a stage.
	wait  string
	bound time.Duration
	// healed is how long the fault is felt at most after its end.
	healed time.Duration

	early    bool     // it is there before the sidecar is
	alone    bool     // with a MongoDB server of its own
	long     bool     // not in the short form
	settings string   // further ones
	wrapper  []string // a command line that runs the sidecar
	begin    func(*testing.T, *stage)
	end      func(*testing.T, *stage) // nil: it lasts
	ask      func(s *stage, policy string) outcome
}

var faults = slices.Concat(clientFaults(), backendFaults(), keysFaults(), documentFaults(), machineFaults())

// at says of faults where they are.
func at(where string, faults ...fault) []fault {
	for i := range faults {
		faults[i].where = where
	}
	return faults
}

func clientFaults() []fault {
	client := func(s *stage) *link { return s.client }
	slower := func(wait string, bound time.Duration) fault {
		return fault{pass: enriched, refuse: enriched, wait: wait, bound: bound}
	}
	broken := fault{pass: brokenOff, refuse: brokenOff}
	return at("client",
		slower("the latency", 300*time.Millisecond).spoil("latency", client, latency(300*time.Millisecond)),
		slower("what it takes", 5*time.Second).spoil("1 KB/s", client, narrow),
		slower("what it takes", 3*time.Second).spoil("sends slowly", client, slicedUp),
		slower("", 0).spoil("closes slowly", client, slowClose).inFull(),
		broken.spoil("reset", client, reset),
		broken.spoil("request breaks off", client, truncated(100, "upstream")),
		// net/http takes the end of what it reads for a client that is gone. The
		// latency makes sure that it has seen it before there is an answer.
		broken.spoil("closes its half after the request", func(s *stage) *link { return s.backend }, latency(300*time.Millisecond)).asks(halfClosing),
		fault{pass: noAnswer, refuse: noAnswer}.spoil("nothing passes", client, blackholeUp).asks(impatient),
	)
}

func backendFaults() []fault {
	backend := func(s *stage) *link { return s.backend }
	slower := func(wait string) fault {
		return fault{pass: enriched, refuse: enriched, wait: wait, bound: responseTimeout}
	}
	unreachable := fault{pass: "502", refuse: "502"}
	tooSlow := fault{pass: "504", refuse: "504", wait: "`timeouts.response`", bound: responseTimeout}
	lost := fault{pass: "502", refuse: "502", wait: "`timeouts.dial`", bound: dialTimeout, early: true}
	return at("backend",
		slower("the latency").spoil("latency", backend, latency(300*time.Millisecond)),
		slower("what it takes").spoil("1 KB/s", backend, narrow),
		slower("").spoil("closes slowly", backend, slowClose).inFull(),
		tooSlow.spoil("sends slowly", backend, sliced),
		tooSlow.spoil("nothing passes", backend, blackhole),
		unreachable.spoil("reset", backend, reset),
		unreachable.spoil("answer breaks off", backend, truncated(200, "downstream")),
		unreachable.begins("closes its half at once", func(t *testing.T, s *stage) { s.backend.lead(t, halfClosed(t)) }, leadBack),
		unreachable.begins("restarts", func(_ *testing.T, s *stage) { s.auth.server.CloseClientConnections(); s.auth.server.Close() },
			func(t *testing.T, s *stage) { s.backend.lead(t, s.auth.serve(t)) }),
		lost.begins("name does not resolve", func(_ *testing.T, s *stage) { s.hosts.backend = "backend.invalid:80" }, nil),
	)
}

func keysFaults() []fault {
	jwks := func(s *stage) *link { return s.jwks }
	never := fault{
		pass: original, refuse: "503", reason: "unavailable", early: true,
		wait: "3 s once, then 250 ms", bound: 3 * time.Second, healed: 5 * time.Second,
	}
	known := fault{pass: enriched, refuse: enriched}
	rotated := fault{pass: original, refuse: "503", reason: "unavailable", wait: "3 s", bound: 3 * time.Second, healed: 30 * time.Second}
	return append(at("JWKS, not had yet",
		never.begins("answers 500", answerKeys(func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }), healKeys),
		never.begins("garbage", answerKeys(func(w http.ResponseWriter) { fmt.Fprint(w, `{"keys":[{"kty":`) }), healKeys),
		never.begins("over 1 MiB", answerKeys(func(w http.ResponseWriter) { fmt.Fprintf(w, `{"keys":[],"x":%q}`, strings.Repeat("x", 2<<20)) }), healKeys),
		never.spoil("latency over 3 s", jwks, latency(4*time.Second)),
		never.spoil("sends slowly", jwks, `{"type":"slicer","attributes":{"average_size":2,"delay":50000}}`).inFull(),
		never.spoil("nothing passes", jwks, blackhole).inFull(),
		never.spoil("reset", jwks, reset).inFull(),
		never.spoil("answer breaks off", jwks, truncated(150, "downstream")).inFull(),
		never.begins("name does not resolve", func(_ *testing.T, s *stage) { s.hosts.jwks = "jwks.invalid:80" }, nil),
	), at("JWKS",
		known.spoil("away, the keys known", jwks, reset),
		rotated.begins("away, and the backend has a new key", func(t *testing.T, s *stage) {
			s.jwks.spoil(t, reset)
			s.auth.rotate(t)
		}, func(t *testing.T, s *stage) { s.jwks.heal(t) }).inFull(),
	)...)
}

func documentFaults() []fault {
	mongo := func(s *stage) *link { return s.mongo }
	const spared = "`documents.mongodb.timeout`; nothing after three failures"
	away := fault{pass: original, refuse: "503", reason: "unavailable", wait: spared, bound: mongoTimeout, healed: 3 * time.Second}
	slower := fault{pass: enriched, refuse: enriched, wait: "the latency", bound: mongoTimeout}
	stale := fault{
		pass: enriched, refuse: enriched, reason: "stale", wait: spared, bound: mongoTimeout, healed: 3 * time.Second,
		settings: "cache: {stale_for: 1h}",
	}
	forever, restart := away, away
	forever.early, restart.alone = true, true
	return at("MongoDB",
		slower.spoil("latency below `timeout`", mongo, latency(50*time.Millisecond)),
		slower.spoil("closes slowly", mongo, slowClose).inFull(),
		away.spoil("latency over `timeout`", mongo, latency(2*time.Second)),
		away.spoil("1 KB/s", mongo, narrow),
		away.spoil("sends slowly", mongo, sliced).inFull(),
		away.spoil("nothing passes", mongo, blackhole),
		away.spoil("reset", mongo, reset),
		away.spoil("answer breaks off", mongo, truncated(100, "downstream")),
		away.begins("closes its half at once", func(t *testing.T, s *stage) { s.mongo.lead(t, halfClosed(t)) },
			func(t *testing.T, s *stage) { s.mongo.lead(t, s.database.address) }).inFull(),
		restart.begins("restarts", func(_ *testing.T, s *stage) { s.database.kill() }, func(t *testing.T, s *stage) {
			s.database.start(t)
			s.mongo.lead(t, s.database.address)
		}),
		stale.spoil("nothing passes, with `cache.stale_for`", mongo, blackhole),
		forever.begins("name does not resolve", func(_ *testing.T, s *stage) { s.hosts.mongo = "mongodb.invalid:27017" }, nil),
	)
}

func machineFaults() []fault {
	noRoom := fault{
		pass: original, refuse: "503", reason: "sign_failed", healed: 3 * time.Second, early: true,
		wrapper: []string{"sh", "-c", `ulimit -S -f 0; exec "$@"`, "sh"},
	}
	// Which of two clocks has jumped does not show in a token.
	apart := fault{pass: original, refuse: original, reason: "bad_token"}
	jumps := func(by time.Duration) func(*testing.T, *stage) {
		return func(_ *testing.T, s *stage) { s.auth.jump.Store(int64(by)) }
	}
	return append(
		at("disk", noRoom.begins("full, so no key of ours can be made", nothing, liftFileLimit)),
		at("clock", apart.begins("jumps ahead, past `exp`", jumps(-2*time.Hour), jumps(0)), apart.begins("jumps back, before `nbf`", jumps(2*time.Hour), jumps(0)))...,
	)
}

// What toxiproxy does to a link.
const (
	blackhole   = `{"type":"timeout","attributes":{"timeout":0}}`
	blackholeUp = `{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`
	reset       = `{"type":"reset_peer","attributes":{"timeout":0}}`
	narrow      = `{"type":"bandwidth","attributes":{"rate":1}}`
	slowClose   = `{"type":"slow_close","attributes":{"delay":500}}`
	sliced      = `{"type":"slicer","attributes":{"average_size":4,"delay":50000}}` // 80 bytes a second
	slicedUp    = `{"type":"slicer","stream":"upstream","attributes":{"average_size":20,"delay":50000}}`
)

func latency(d time.Duration) string {
	return fmt.Sprintf(`{"type":"latency","attributes":{"latency":%d}}`, d.Milliseconds())
}

func truncated(bytes int, stream string) string {
	return fmt.Sprintf(`{"type":"limit_data","stream":%q,"attributes":{"bytes":%d}}`, stream, bytes)
}

// spoil makes it a fault that toxiproxy makes.
func (f fault) spoil(what string, link func(*stage) *link, toxic string) fault {
	return f.begins(what,
		func(t *testing.T, s *stage) { link(s).spoil(t, toxic) },
		func(t *testing.T, s *stage) { link(s).heal(t) })
}

func (f fault) begins(what string, begin, end func(*testing.T, *stage)) fault {
	f.what, f.begin, f.end = what, begin, end
	return f
}

func (f fault) asks(ask func(*stage, string) outcome) fault {
	f.ask = ask
	return f
}

func (f fault) inFull() fault {
	f.long = true
	return f
}

// liftFileLimit ends the limit of the size of files that stands for a full disk:
// a small file system would need root.
func liftFileLimit(t *testing.T, s *stage) {
	out, err := exec.Command("prlimit", "--pid", fmt.Sprint(s.cmd.Process.Pid), "--fsize=unlimited").CombinedOutput()
	if err != nil {
		t.Skipf("SKIPPED, HOW IT HEALS WAS NOT TESTED: prlimit of util-linux: %v %s", err, out)
	}
}

func nothing(*testing.T, *stage) {}

func leadBack(t *testing.T, s *stage) { s.backend.lead(t, s.auth.address()) }

func answerKeys(answer func(http.ResponseWriter)) func(*testing.T, *stage) {
	return func(_ *testing.T, s *stage) { s.auth.spoilt.Store(&answer) }
}

func healKeys(_ *testing.T, s *stage) { s.auth.spoilt.Store(nil) }
