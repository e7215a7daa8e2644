//go:build linux

package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/lab"
	"github.com/tokengraft/tokengraft/examples/bench/internal/load"
)

// A target is one point of a line: a load of a proxy.
type target struct {
	x       float64
	server  *lab.Server
	options load.Options
}

// measure measures each target in every round, and returns for each the measurement with
// the median processor time. So a neighbour on the machine that disturbs one round disturbs no
// point alone.
func (b *bench) measure(targets []target) ([]lab.Measurement, error) {
	all := make([][]lab.Measurement, len(targets))
	for round := range b.rounds {
		order := targets
		for i := range order {
			if round%2 == 1 {
				i = len(order) - 1 - i
			}
			m, err := lab.Measure(order[i].server, order[i].options, b.warmUp, b.length)
			if err == nil && m.Errors > 0 {
				err = fmt.Errorf("%d errors: %w", m.Errors, m.Err)
			}
			if err != nil {
				return nil, fmt.Errorf("at %v: %w", order[i].x, err)
			}
			all[i] = append(all[i], m)
		}
	}
	medians := make([]lab.Measurement, len(targets))
	for i := range all {
		slices.SortFunc(all[i], func(a, b lab.Measurement) int { return int(a.CPU - b.CPU) })
		medians[i] = all[i][len(all[i])/2]
	}
	return medians, nil
}

// cpuLine measures targets and returns their processor time for a request.
func (b *bench) cpuLine(name string, targets []target) (Line, error) {
	medians, err := b.measure(targets)
	line := Line{Name: name}
	for i, m := range medians {
		line.Points = append(line.Points, Point{targets[i].x, micro(m.CPU)})
	}
	return line, err
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

const mebibyte = 1 << 20

// fill logs the users from a first one up to users in once, so that their documents are
// cached. It returns false if that takes too long on this machine.
func fill(s *lab.Server, first, users int) (ok bool, err error) {
	const longest = 4 * time.Minute
	later := func(buf []byte, user int) []byte { return login(buf, first+user) }
	clients := load.New(load.Options{Address: s.Address, Request: later, Users: users - first, Once: true})
	defer clients.Close()
	r := clients.Run(longest)
	if r.Errors > 0 {
		return false, fmt.Errorf("%d errors while users logged in: %w", r.Errors, r.Err)
	}
	return r.Requests == users-first, nil
}

var login = load.Login("/oauth/token")

// algorithm is that of the tokens: the one whose signature costs least, so that the rest
// shows.
const algorithm = "HS256"
