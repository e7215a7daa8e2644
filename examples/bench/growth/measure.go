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

// fill logs every user in once, so that their documents are cached.
func fill(s *lab.Server, users int) error {
	clients := load.New(load.Options{Address: s.Address, Request: login, Users: users, Once: true})
	defer clients.Close()
	if r := clients.Run(10 * time.Minute); r.Errors > 0 {
		return fmt.Errorf("%d errors while users logged in: %w", r.Errors, r.Err)
	}
	return nil
}

var login = load.Login("/oauth/token")

// algorithm is that of the tokens: the one whose signature costs least, so that the rest
// shows.
const algorithm = "HS256"
