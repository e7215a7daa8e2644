//go:build linux

package main

import (
	"fmt"
	"log"

	"github.com/tokengraft/tokengraft/examples/bench/internal/lab"
	"github.com/tokengraft/tokengraft/examples/bench/internal/load"
)

// users fills the cache of one sidecar step by step, and measures logins at each.
func users(b *bench) ([]Figure, error) {
	counts := b.until(10_000, 1_000, 10_000, 100_000, 1_000_000)
	b.lab.Users = int(counts[len(counts)-1])
	backend, err := b.lab.StartBackend(algorithm)
	if err != nil {
		return nil, err
	}
	store, err := b.lab.StartStore("-delay", "0s")
	if err != nil {
		return nil, err
	}
	s, err := b.lab.StartSidecar(b.program, lab.Sidecar{Backend: backend.Address, Algorithm: algorithm, Store: store.Address, More: noLimits})
	if err != nil {
		return nil, err
	}
	memory, cpu := Line{Name: "resident memory"}, Line{Name: "login"}
	filled := 0
	for _, count := range counts {
		ok, err := fill(s, filled, int(count))
		if err != nil {
			return nil, err
		}
		if filled = int(count); !ok {
			log.Printf("%d users do not log in within the time; the figures end before", filled)
			break
		}
		medians, err := b.measure([]target{{count, s, load.Options{Request: login, Users: int(count)}}})
		if err != nil {
			return nil, err
		}
		memory.Points = append(memory.Points, Point{count, float64(medians[0].Memory.Resident()) / mebibyte})
		cpu.Points = append(cpu.Points, Point{count, micro(medians[0].CPU)})
	}
	x := Axis{"cached users", "", true}
	return []Figure{
		{File: "users-memory", What: "cached users", X: x, Y: Axis{"resident memory", "MiB", true}, Lines: []Line{memory}},
		{File: "users", What: "cached users", X: x, Y: Axis{"CPU per login", "µs", false}, Lines: []Line{cpu}},
	}, nil
}

// rules measures logins and other requests with many rules. The login's rule is the first.
func rules(b *bench) ([]Figure, error) {
	b.lab.Users = 200
	backend, err := b.lab.StartBackend(algorithm)
	if err != nil {
		return nil, err
	}
	var logins, others []target
	for _, count := range b.until(100, 1, 10, 100, 1000) {
		var more []string
		for i := range int(count) - 1 {
			more = append(more, fmt.Sprintf("POST /tenants/%d/oauth/token", i))
		}
		s, err := b.lab.StartSidecar(b.program, lab.Sidecar{Backend: backend.Address, Algorithm: algorithm, Rules: more, More: noLimits})
		if err != nil {
			return nil, err
		}
		logins = append(logins, target{count, s, load.Options{Request: login, Users: b.lab.Users}})
		others = append(others, target{count, s, load.Options{Request: load.Get("/bytes/1024")}})
	}
	return b.cpuFigure(Figure{
		File: "rules", What: "rules", X: Axis{"rules", "", true}, Y: Axis{"CPU per request", "µs", false},
	}, map[string][]target{"login": logins, "no rule": others}, "login", "no rule")
}

// connections measures a fixed number of logins a second over more and more connections.
func connections(b *bench) ([]Figure, error) {
	b.lab.Users = 200
	const rate = 1000
	backend, err := b.lab.StartBackend(algorithm)
	if err != nil {
		return nil, err
	}
	s, err := b.lab.StartSidecar(b.program, lab.Sidecar{Backend: backend.Address, Algorithm: algorithm, More: noLimits})
	if err != nil {
		return nil, err
	}
	var cpu, p50, p99, memory Line
	cpu.Name, p50.Name, p99.Name, memory.Name = "login", "p50", "p99", "resident memory"
	measured := *b
	for _, count := range b.until(256, 1, 16, 64, 256, 1024, 4096) {
		// Each connection is used once in the warm-up, and once or more afterwards.
		once := int(count * 1000 / rate)
		measured.warmUp, measured.length = max(b.warmUp, milliseconds(once)), max(b.length, milliseconds(once))
		medians, err := measured.measure([]target{{count, s, load.Options{Request: login, Users: b.lab.Users, Connections: int(count), Rate: rate}}})
		if err != nil {
			return nil, err
		}
		m := medians[0]
		cpu.Points = append(cpu.Points, Point{count, micro(m.CPU)})
		p50.Points = append(p50.Points, Point{count, micro(m.P50) / 1000})
		p99.Points = append(p99.Points, Point{count, micro(m.P99) / 1000})
		memory.Points = append(memory.Points, Point{count, float64(m.Memory.Resident()) / mebibyte})
	}
	p50.Unchecked, p99.Unchecked = true, true // the load has the same core as the backend
	x, what := Axis{"connections", "", true}, "connections"
	return []Figure{
		{File: "connections", What: what, X: x, Y: Axis{"CPU per login", "µs", false}, Lines: []Line{cpu}},
		{File: "latency", What: what, X: x, Y: Axis{"latency at 1,000 logins/s", "ms", true}, Lines: []Line{p50, p99}},
		{File: "connections-memory", What: what, X: x, Y: Axis{"resident memory", "MiB", true}, Lines: []Line{memory}},
	}, nil
}
