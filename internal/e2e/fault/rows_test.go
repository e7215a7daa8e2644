package fault_test

import (
	"net/http"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/e2e"
	"github.com/tokengraft/tokengraft/internal/e2e/toxic"
)

// A fault is a row: what breaks, when, and what must happen.
type fault struct {
	at     place
	what   string
	breaks breakage
	when   moment
	must   promise

	// Most need none of these.
	settings string // more of them, for the sidecar
	ask      func(e *env, policy string) outcome
	alone    bool // the fault needs a MongoDB server of its own
	full     bool // only in the full form
}

// A place is between the sidecar and a party, at the link if there is one.
type place struct {
	name string
	link func(*env) *toxic.Link
}

var (
	client    = place{"client", func(e *env) *toxic.Link { return e.client }}
	backend   = place{"backend", func(e *env) *toxic.Link { return e.backend }}
	newKeys   = place{"JWKS, not fetched yet", func(e *env) *toxic.Link { return e.jwks }}
	knownKeys = place{"JWKS", func(e *env) *toxic.Link { return e.jwks }}
	mongo     = place{"MongoDB", func(e *env) *toxic.Link { return e.mongo }}
	disk      = place{name: "disk"}
	clock     = place{name: "clock"}
)

// A moment is when a fault begins.
type moment int

const (
	later  moment = iota // while the sidecar works
	before               // before the sidecar starts
)

var faults = []fault{
	{at: client, what: "latency", breaks: spoil(toxic.Latency(300 * time.Millisecond)), must: beSlower("the latency", 300*time.Millisecond)},
	{at: client, what: "1 KB/s", breaks: spoil(toxic.Narrow), must: beSlower("what it takes", 5*time.Second)},
	{at: client, what: "sends slowly", breaks: spoil(toxic.SlicedUp), must: beSlower("what it takes", 3*time.Second)},
	{at: client, what: "closes slowly", breaks: spoil(toxic.SlowClose), must: notChange, full: true},
	{at: client, what: "reset", breaks: spoil(toxic.Reset), must: disconnect},
	{at: client, what: "request breaks off", breaks: spoil(toxic.CutUp(100)), must: disconnect},
	{at: client, what: "closes its half after the request", breaks: delayBackend, ask: askAndCloseHalf, must: disconnect},
	{at: client, what: "nothing passes", breaks: spoil(toxic.BlackholeUp), ask: askImpatiently, must: notAnswer},

	{at: backend, what: "latency", breaks: spoil(toxic.Latency(300 * time.Millisecond)), must: beSlower("the latency", responseTimeout)},
	{at: backend, what: "1 KB/s", breaks: spoil(toxic.Narrow), must: beSlower("what it takes", responseTimeout)},
	{at: backend, what: "closes slowly", breaks: spoil(toxic.SlowClose), must: beSlower("", responseTimeout), full: true},
	{at: backend, what: "sends slowly", breaks: spoil(toxic.Sliced), must: timeOut},
	{at: backend, what: "nothing passes", breaks: spoil(toxic.Blackhole), must: timeOut},
	{at: backend, what: "reset", breaks: spoil(toxic.Reset), must: answer502},
	{at: backend, what: "answer breaks off", breaks: spoil(toxic.CutDown(200)), must: answer502},
	{at: backend, what: "closes its half at once", breaks: closeHalf((*env).backendAddress), must: answer502},
	{at: backend, what: "restarts", breaks: restartBackend, must: answer502},
	{at: backend, what: "name does not resolve", breaks: misname(func(h *hosts) { h.backend = "backend.invalid:80" }), when: before, must: answer502Late},

	{at: newKeys, what: "answers 500", breaks: answerKeys(e2e.Response{Status: http.StatusInternalServerError}), when: before, must: lackKeys},
	{at: newKeys, what: "garbage", breaks: answerKeys(e2e.Response{Body: `{"keys":[{"kty":`}), when: before, must: lackKeys},
	{at: newKeys, what: "over 1 MiB", breaks: answerKeys(e2e.Response{Body: `{"keys":[],"x":"` + strings.Repeat("x", 2<<20) + `"}`}), when: before, must: lackKeys},
	{at: newKeys, what: "latency over 3 s", breaks: spoil(toxic.Latency(4 * time.Second)), when: before, must: lackKeys},
	{at: newKeys, what: "sends slowly", breaks: spoil(toxic.SlicedFine), when: before, must: lackKeys, full: true},
	{at: newKeys, what: "nothing passes", breaks: spoil(toxic.Blackhole), when: before, must: lackKeys, full: true},
	{at: newKeys, what: "reset", breaks: spoil(toxic.Reset), when: before, must: lackKeys, full: true},
	{at: newKeys, what: "answer breaks off", breaks: spoil(toxic.CutDown(150)), when: before, must: lackKeys, full: true},
	{at: newKeys, what: "name does not resolve", breaks: misname(func(h *hosts) { h.jwks = "jwks.invalid:80" }), when: before, must: lackKeys},
	{at: knownKeys, what: "away, the keys known", breaks: spoil(toxic.Reset), must: notChange},
	{at: knownKeys, what: "away, and the backend has a new key", breaks: rotateUnseen, must: lackNewKey, full: true},

	{at: mongo, what: "latency below `timeout`", breaks: spoil(toxic.Latency(50 * time.Millisecond)), must: beSlower("the latency", mongoTimeout)},
	{at: mongo, what: "closes slowly", breaks: spoil(toxic.SlowClose), must: beSlower("the latency", mongoTimeout), full: true},
	{at: mongo, what: "latency over `timeout`", breaks: spoil(toxic.Latency(2 * time.Second)), must: lackDocuments},
	{at: mongo, what: "1 KB/s", breaks: spoil(toxic.Narrow), must: lackDocuments},
	{at: mongo, what: "sends slowly", breaks: spoil(toxic.Sliced), must: lackDocuments, full: true},
	{at: mongo, what: "nothing passes", breaks: spoil(toxic.Blackhole), must: lackDocuments},
	{at: mongo, what: "reset", breaks: spoil(toxic.Reset), must: lackDocuments},
	{at: mongo, what: "answer breaks off", breaks: spoil(toxic.CutDown(100)), must: lackDocuments},
	{at: mongo, what: "closes its half at once", breaks: closeHalf((*env).mongoAddress), must: lackDocuments, full: true},
	{at: mongo, what: "restarts", breaks: restartMongo, alone: true, must: lackDocuments},
	{at: mongo, what: "nothing passes, with `cache.stale_for`", breaks: spoil(toxic.Blackhole), settings: "cache: {stale_for: 1h}", must: serveStale},
	{at: mongo, what: "name does not resolve", breaks: misname(func(h *hosts) { h.mongo = "mongodb.invalid:27017" }), when: before, must: lackDocuments},

	{at: disk, what: "full, so no key of ours can be made", breaks: limitFiles, when: before, must: notSign},

	{at: clock, what: "jumps ahead, past `exp`", breaks: jump(-2 * time.Hour), must: notTrustClocks},
	{at: clock, what: "jumps back, before `nbf`", breaks: jump(2 * time.Hour), must: notTrustClocks},
}
