package fault_test

import (
	"net/http"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/e2e"
	"github.com/tokengraft/tokengraft/internal/e2e/toxic"
)

// A fault is a row of the table. It says what breaks, when, and what must happen.
type fault struct {
	at     place
	what   string
	breaks breakage
	when   moment
	must   promise

	// Optional:
	settings string                              // more settings of the sidecar
	ask      func(e *env, policy string) outcome // default: refresh
	alone    bool                                // the fault needs its own MongoDB server
	full     bool                                // only with -full
}

// A place is where a fault is. link is nil if that is not a connection.
type place struct {
	name string
	link func(*env) *toxic.Link
}

var (
	client    = place{"client", func(e *env) *toxic.Link { return e.client }}
	backend   = place{"backend", func(e *env) *toxic.Link { return e.backend }}
	newKeys   = place{"JWKS, before the first fetch", func(e *env) *toxic.Link { return e.jwks }}
	knownKeys = place{"JWKS, after a fetch", func(e *env) *toxic.Link { return e.jwks }}
	mongo     = place{"MongoDB", func(e *env) *toxic.Link { return e.mongo }}
	disk      = place{name: "disk"}
	clock     = place{name: "clock"}
)

// A moment is when a fault starts.
type moment int

const (
	later  moment = iota // while the sidecar runs
	before               // before the sidecar starts
)

var faults = []fault{
	{at: client, what: "high latency", breaks: disturb(toxic.Latency(300 * time.Millisecond)), must: slower("the latency", 300*time.Millisecond)},
	{at: client, what: "a connection of 1 KB/s", breaks: disturb(toxic.Narrow), must: slower("the time it takes", 5*time.Second)},
	{at: client, what: "sends the request slowly", breaks: disturb(toxic.SlicedUp), must: slower("the time it takes", 3*time.Second)},
	{at: client, what: "closes connections slowly", breaks: disturb(toxic.SlowClose), must: unchanged, full: true},
	{at: client, what: "resets the connection", breaks: disturb(toxic.Reset), must: disconnected},
	{at: client, what: "closes the connection in the middle of the request", breaks: disturb(toxic.CutUp(100)), must: disconnected},
	{at: client, what: "closes its half of the connection after the request", breaks: delayBackend, ask: askAndCloseHalf, must: disconnected},
	{at: client, what: "no bytes get through", breaks: disturb(toxic.BlackholeUp), ask: askWithShortTimeout, must: unanswered},

	{at: backend, what: "high latency", breaks: disturb(toxic.Latency(300 * time.Millisecond)), must: slower("the latency", responseTimeout)},
	{at: backend, what: "a connection of 1 KB/s", breaks: disturb(toxic.Narrow), must: slower("the time it takes", responseTimeout)},
	{at: backend, what: "closes connections slowly", breaks: disturb(toxic.SlowClose), must: slower("", responseTimeout), full: true},
	{at: backend, what: "sends the response slowly", breaks: disturb(toxic.Sliced), must: answer504},
	{at: backend, what: "no bytes get through", breaks: disturb(toxic.Blackhole), must: answer504},
	{at: backend, what: "resets the connection", breaks: disturb(toxic.Reset), must: answer502},
	{at: backend, what: "closes the connection in the middle of the response", breaks: disturb(toxic.CutDown(200)), must: answer502},
	{at: backend, what: "closes its half of the connection at once", breaks: closeHalf((*env).backendAddress), must: answer502},
	{at: backend, what: "restarts", breaks: restartBackend, must: answer502},
	{at: backend, what: "the name does not resolve", breaks: unresolvable(func(h *hosts) { h.backend = "backend.invalid:80" }), when: before, must: answer502Late},

	{at: newKeys, what: "the response has status 500", breaks: answerKeys(e2e.Response{Status: http.StatusInternalServerError}), when: before, must: noKeys},
	{at: newKeys, what: "the response is not valid JSON", breaks: answerKeys(e2e.Response{Body: `{"keys":[{"kty":`}), when: before, must: noKeys},
	{at: newKeys, what: "the response is larger than 1 MiB", breaks: answerKeys(e2e.Response{Body: `{"keys":[],"x":"` + strings.Repeat("x", 2<<20) + `"}`}), when: before, must: noKeys},
	{at: newKeys, what: "latency above 3 s", breaks: disturb(toxic.Latency(4 * time.Second)), when: before, must: noKeys},
	{at: newKeys, what: "the response arrives slowly", breaks: disturb(toxic.SlicedFine), when: before, must: noKeys, full: true},
	{at: newKeys, what: "no bytes get through", breaks: disturb(toxic.Blackhole), when: before, must: noKeys, full: true},
	{at: newKeys, what: "the connection is reset", breaks: disturb(toxic.Reset), when: before, must: noKeys, full: true},
	{at: newKeys, what: "the connection is closed in the middle of the response", breaks: disturb(toxic.CutDown(150)), when: before, must: noKeys, full: true},
	{at: newKeys, what: "the name does not resolve", breaks: unresolvable(func(h *hosts) { h.jwks = "jwks.invalid:80" }), when: before, must: noKeys},
	{at: knownKeys, what: "unreachable", breaks: disturb(toxic.Reset), must: unchanged},
	{at: knownKeys, what: "unreachable, and the backend signs with a new key", breaks: rotateWhileUnreachable, must: noNewKey, full: true},

	{at: mongo, what: "latency below `timeout`", breaks: disturb(toxic.Latency(50 * time.Millisecond)), must: slower("the latency", mongoTimeout)},
	{at: mongo, what: "closes connections slowly", breaks: disturb(toxic.SlowClose), must: slower("the latency", mongoTimeout), full: true},
	{at: mongo, what: "latency above `timeout`", breaks: disturb(toxic.Latency(2 * time.Second)), must: noDocuments},
	{at: mongo, what: "a connection of 1 KB/s", breaks: disturb(toxic.Narrow), must: noDocuments},
	{at: mongo, what: "sends responses slowly", breaks: disturb(toxic.Sliced), must: noDocuments, full: true},
	{at: mongo, what: "no bytes get through", breaks: disturb(toxic.Blackhole), must: noDocuments},
	{at: mongo, what: "resets connections", breaks: disturb(toxic.Reset), must: noDocuments},
	{at: mongo, what: "closes the connection in the middle of a response", breaks: disturb(toxic.CutDown(100)), must: noDocuments},
	{at: mongo, what: "closes its half of the connection at once", breaks: closeHalf((*env).mongoAddress), must: noDocuments, full: true},
	{at: mongo, what: "restarts", breaks: restartMongo, alone: true, must: noDocuments},
	{at: mongo, what: "no bytes get through, with `cache.stale_for`", breaks: disturb(toxic.Blackhole), settings: "cache: {stale_for: 1h}", must: staleDocuments},
	{at: mongo, what: "the name does not resolve", breaks: unresolvable(func(h *hosts) { h.mongo = "mongodb.invalid:27017" }), when: before, must: noDocuments},

	{at: disk, what: "full, so the sidecar cannot create its key", breaks: limitFiles, when: before, must: cannotSign},

	{at: clock, what: "jumps forward, past `exp`", breaks: jump(-2 * time.Hour), must: wrongClock},
	{at: clock, what: "jumps back, before `nbf`", breaks: jump(2 * time.Hour), must: wrongClock},
}
