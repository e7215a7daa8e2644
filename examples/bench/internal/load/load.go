// Package load sends requests over connections that it keeps open, and reads how long
// the responses take. Requests are bytes and responses are parsed here, so that the
// load costs little of the machine that is measured.
package load

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Options describe a load.
type Options struct {
	// Address is the host:port that all connections go to.
	Address string
	// Request is what is sent.
	Request Request
	// Connections is the number of connections, each with one request at a time.
	// 0 means 16.
	Connections int
	// Users is how many users the requests are for, drawn at random. 0 means 1.
	Users int
	// Once sends one request for each user, in order, and then ends, even if the time
	// of Run has not passed. It fills a cache.
	Once bool
	// Rate is the number of requests per second of all connections together. A
	// request then counts as late from the time that it should have been sent. 0 sends
	// each request as soon as the response to the last has arrived.
	Rate float64
	// Check checks a sample of the responses. nil checks the status of all only.
	Check Check
	// Samples is how many responses of each connection are checked. 0 means 5.
	Samples int
}

// Result is what a load measured.
type Result struct {
	Requests int // answered with status 200
	Errors   int // other answers, failed connections, and answers that Check rejects
	// Err is one of the errors.
	Err error
	// Checked is the number of answers that Check has seen.
	Checked   int
	Took      time.Duration
	PerSecond float64
	P50, P99  time.Duration
}

// Clients are the connections of a load, so that several Runs can use them. They
// are opened by the first.
type Clients struct {
	options Options
	conns   []*client
	next    atomic.Int64 // the next user, if Once is set
}

// New returns the clients of a load. Close must be called.
func New(o Options) *Clients {
	o.Connections = cmp.Or(o.Connections, 16)
	o.Users = cmp.Or(o.Users, 1)
	o.Samples = cmp.Or(o.Samples, 5)
	c := &Clients{options: o}
	for i := range o.Connections {
		c.conns = append(c.conns, &client{clients: c, random: rand.New(rand.NewPCG(1, uint64(i)))})
	}
	return c
}

// Run sends for a time, and waits for the last responses.
func (c *Clients) Run(length time.Duration) Result {
	var group sync.WaitGroup
	start := time.Now()
	for i, conn := range c.conns {
		group.Go(func() { conn.run(start, start.Add(length), c.schedule(i)) })
	}
	group.Wait()
	return c.collect(time.Since(start))
}

// Close closes the connections.
func (c *Clients) Close() {
	for _, conn := range c.conns {
		conn.close()
	}
}

// schedule returns when connection i sends, if there is a rate: the time until its
// first request, and the time between two.
func (c *Clients) schedule(i int) (s schedule) {
	if c.options.Rate <= 0 {
		return s
	}
	interval := float64(time.Second) / c.options.Rate
	return schedule{first: time.Duration(interval * float64(i)), every: time.Duration(interval * float64(len(c.conns)))}
}

type schedule struct{ first, every time.Duration }

// user returns the next user of a connection, or false after the last.
func (c *Clients) user(random *rand.Rand) (int, bool) {
	if c.options.Once {
		i := int(c.next.Add(1)) - 1
		return i, i < c.options.Users
	}
	return random.IntN(c.options.Users), true
}

// collect adds up what the connections measured, and checks the samples.
func (c *Clients) collect(took time.Duration) Result {
	result := Result{Took: took}
	var latencies []time.Duration
	for _, conn := range c.conns {
		latencies = append(latencies, conn.latencies...)
		result.Errors += conn.errors
		result.Err = cmp.Or(result.Err, conn.err)
		if c.options.Check == nil {
			continue
		}
		for _, s := range conn.samples {
			result.Checked++
			if err := c.options.Check(s.user, s.body); err != nil {
				result.Errors++
				result.Err = fmt.Errorf("user %d: %w", s.user, err)
			}
		}
	}
	result.Requests = len(latencies)
	result.PerSecond = float64(len(latencies)) / took.Seconds()
	slices.Sort(latencies)
	result.P50, result.P99 = quantile(latencies, 0.50), quantile(latencies, 0.99)
	return result
}

// quantile returns the value that the share q of the sorted values does not exceed.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(q*float64(len(sorted)-1))]
}
