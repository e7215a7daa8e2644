//go:build linux

package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"regexp"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/lab"
	"github.com/tokengraft/tokengraft/examples/bench/internal/load"
)

// A plan says how long the measurement takes.
type plan struct {
	users  int
	rounds int
	// length of one measurement, after the warm-up of its connections.
	length, warmUp time.Duration
	// many is the number of cached users of the second measurement of memory. 0
	// leaves it out.
	many int
	// starts is how often the sidecar is started to measure the time until it is ready.
	starts int
	// install says whether peers may be downloaded and built, which takes minutes.
	install bool
	// only says which tables are made.
	only *regexp.Regexp
}

var (
	full  = plan{users: 10_000, rounds: 7, length: 700 * time.Millisecond, warmUp: 100 * time.Millisecond, many: 100_000, starts: 9, install: true}
	quick = plan{users: 200, rounds: 1, length: 150 * time.Millisecond, starts: 1}
)

// connections is the number of connections of each load.
const connections = 16

// A bench runs a plan.
type bench struct {
	*lab.Lab
	plan
	program string // the sidecar
	store   *lab.Server
}

func newBench(dir string, p plan) (*bench, error) {
	l, err := lab.New(dir, p.users, 0)
	if err != nil {
		return nil, err
	}
	b := &bench{Lab: l, plan: p}
	b.installCaddy()
	if b.program, err = l.BuildSidecar(); err == nil {
		b.store, err = l.StartStore()
	}
	if err != nil {
		l.Close()
	}
	return b, err
}

// A table is the measurement of a group.
type table struct {
	name string
	rows []*row
}

// row returns the row of a peer, or nil.
func (t *table) row(name string) *row {
	for _, r := range t.rows {
		if r.name == name {
			return r
		}
	}
	return nil
}

// A contender is a peer that runs.
type contender struct {
	server *lab.Server
	load   load.Options
	row    *row
}

// measure measures all peers of a group, in rounds.
func (b *bench) measure(g group) (*table, error) {
	backend, err := b.StartBackend(g.algorithm)
	if err != nil {
		return nil, err
	}
	defer backend.Stop()
	base := b.enter(g, bare, backend)
	if base.row.err != nil {
		return nil, base.row.err
	}
	defer base.server.Stop()
	t := &table{name: g.name, rows: []*row{base.row}}
	var contenders []*contender
	for _, p := range g.peers {
		c := b.enter(g, p, backend)
		t.rows = append(t.rows, c.row)
		if c.row.err != nil {
			log.Printf("%s: %s is left out: %v", g.name, p.name, c.row.err)
			continue
		}
		defer c.server.Stop()
		contenders = append(contenders, c)
	}
	for i := range b.rounds {
		log.Printf("%s: round %d of %d", g.name, i+1, b.rounds)
		if contenders, err = b.round(base, contenders); err != nil {
			return nil, err
		}
		slices.Reverse(contenders)
	}
	return t, nil
}

// enter starts a peer, and sends it a login of each user, or as many as a few seconds
// allow, so that caches are full. An error is in the row.
func (b *bench) enter(g group, p peer, backend *lab.Server) *contender {
	c := &contender{row: &row{name: p.name}}
	check, err := g.check(b, p)
	if err == nil {
		c.server, err = p.start(b, backend)
	}
	if err != nil {
		c.row.err = err
		return c
	}
	c.load = load.Options{Request: g.request, Connections: connections, Users: b.Users, Check: check}
	first := c.load
	first.Once, first.Samples = true, 100
	if g.length > 0 {
		first.Users = 10 * connections // there is no cache to fill
	}
	m, err := lab.Measure(c.server, first, 0, 4*time.Second)
	if err == nil && m.Errors > 0 {
		err = fmt.Errorf("%d of %d responses are wrong: %w", m.Errors, m.Requests+m.Errors, m.Err)
	}
	if err != nil {
		c.row.err = err
		c.server.Stop()
	}
	return c
}

// round measures each peer once, and the yardstick before each. It returns those that still
// answer: one that fails leaves the table, and does not end the measurement of the others.
func (b *bench) round(base *contender, contenders []*contender) (left []*contender, err error) {
	var last lab.Measurement
	for _, c := range contenders {
		before, err := lab.Measure(base.server, base.load, b.warmUp, b.length)
		if err != nil {
			return nil, err
		}
		last = before
		after, err := lab.Measure(c.server, c.load, b.warmUp, b.length)
		if err != nil {
			log.Printf("%s is left out: %v", c.row.name, err)
			c.row.runs, c.row.err = nil, err
			continue
		}
		c.row.runs = append(c.row.runs, pair{peer: after, yardstick: before})
		left = append(left, c)
	}
	base.row.runs = append(base.row.runs, pair{peer: last, yardstick: last})
	return left, nil
}

// missing reports whether a row has no measurements because its program is not installed.
func missing(r *row) bool { return errors.As(r.err, new(missingError)) }

// size returns the size of the sidecar's program in bytes.
func (b *bench) size() (int64, error) {
	info, err := os.Stat(b.program)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
