//go:build linux

package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/lab"
	"github.com/tokengraft/tokengraft/examples/bench/internal/load"
)

// replicas measures the same logins over one to four sidecars with the same backend, store
// and keys: what they cost together, and how often they read, from caches that are empty
// at first.
func replicas(b *bench) ([]Figure, error) {
	b.lab.Users = 2000
	backend, err := b.lab.StartBackend(algorithm)
	if err != nil {
		return nil, err
	}
	store, err := startStore(b.lab)
	if err != nil {
		return nil, err
	}
	cold, warm, reads := Line{Name: "empty caches"}, Line{Name: "filled caches"}, Line{Name: "reads"}
	for _, count := range b.until(2, 1, 2, 3, 4) {
		var all []*lab.Server
		for range int(count) {
			s, err := b.lab.StartSidecar(b.program, lab.Sidecar{Backend: backend.Address, Algorithm: algorithm, Store: store.Address, More: noLimits})
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		}
		first, err := b.together(all, store, 4)
		if err != nil {
			return nil, err
		}
		for _, s := range all {
			if _, err := fill(s, 0, b.lab.Users); err != nil {
				return nil, err
			}
		}
		second, err := b.together(all, store, 2)
		if err != nil {
			return nil, err
		}
		cold.Points = append(cold.Points, Point{count, first.cpu})
		warm.Points = append(warm.Points, Point{count, second.cpu})
		reads.Points = append(reads.Points, Point{count, first.reads})
		for _, s := range all {
			s.Stop()
		}
	}
	x, what := Axis{"replicas", "", false}, "replicas"
	return []Figure{
		{File: "replicas", What: what, X: x, Y: Axis{"CPU of all per login", "µs", false}, Lines: []Line{cold, warm}},
		{File: "replicas-reads", What: what, X: x, Y: Axis{"reads per second", "", false}, Lines: []Line{reads}},
	}, nil
}

type shared struct{ cpu, reads float64 }

// together sends 1,000 logins a second to all sidecars, in equal parts, for some seconds.
func (b *bench) together(all []*lab.Server, store store, seconds int) (shared, error) {
	if b.quick {
		seconds = 1
	}
	before, err := totals(all, store)
	if err != nil {
		return shared{}, err
	}
	results := make([]load.Result, len(all))
	var group sync.WaitGroup
	for i, s := range all {
		group.Go(func() {
			clients := load.New(load.Options{Address: s.Address, Request: login, Users: b.lab.Users, Connections: 8, Rate: 1000 / float64(len(all))})
			defer clients.Close()
			results[i] = clients.Run(time.Duration(seconds) * time.Second)
		})
	}
	group.Wait()
	after, err := totals(all, store)
	if err != nil {
		return shared{}, err
	}
	requests := 0.0
	for _, r := range results {
		if r.Errors > 0 {
			return shared{}, fmt.Errorf("%d errors: %w", r.Errors, r.Err)
		}
		requests += float64(r.Requests)
	}
	return shared{cpu: (after.cpu - before.cpu) / requests, reads: (after.reads - before.reads) / float64(seconds)}, nil
}

// totals returns the microseconds that all sidecars have used, and the store's reads.
func totals(all []*lab.Server, store store) (t shared, err error) {
	for _, s := range all {
		used, err := s.CPU()
		if err != nil {
			return t, err
		}
		t.cpu += micro(used)
	}
	reads, err := store.count("reads")
	t.reads = float64(reads)
	return t, err
}
