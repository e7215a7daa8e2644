//go:build linux

package main

import (
	"fmt"

	"github.com/tokengraft/tokengraft/examples/bench/internal/lab"
	"github.com/tokengraft/tokengraft/examples/bench/internal/load"
)

// noLimits raises the limits that the largest sizes would reach.
const noLimits = "limits: {body: 4MiB, requests: 10000}\nclaim: {max_size: 32KiB, max_token_size: 64KiB}\ncache: {max_bytes: 1GiB}\n"

// tokenBody is about the size of a response to a login without padding.
const tokenBody = 900

// bodies measures logins whose response is larger, and other responses of the same sizes.
func bodies(b *bench) ([]Figure, error) {
	b.lab.Users = 32 // the backend keeps a response for each
	var logins, others []target
	for _, size := range b.until(64<<10, 1<<10, 4<<10, 16<<10, 64<<10, 256<<10, 1<<20) {
		backend, err := b.lab.StartBackend(algorithm, "-padding", fmt.Sprint(int(size)-tokenBody))
		if err != nil {
			return nil, err
		}
		s, err := b.lab.StartSidecar(b.program, lab.Sidecar{Backend: backend.Address, Algorithm: algorithm, More: noLimits})
		if err != nil {
			return nil, err
		}
		key, err := b.lab.Files.SidecarKey(algorithm)
		if err != nil {
			return nil, err
		}
		logins = append(logins, target{size, s, load.Options{Request: login, Users: b.lab.Users, Connections: 4, Check: load.Enriched(key, 0)}})
		path := fmt.Sprintf("/bytes/%d", int(size))
		others = append(others, target{size, s, load.Options{Request: load.Get(path), Connections: 4, Check: load.Length(int(size))}})
	}
	return b.cpuFigure(Figure{
		File: "bodies", What: "size of the response", X: Axis{"size of the response", "B", true}, Y: Axis{"CPU per request", "µs", true},
	}, map[string][]target{"login": logins, "no rule": others}, "login", "no rule")
}

// documents measures logins with cached documents of several sizes.
func documents(b *bench) ([]Figure, error) {
	b.lab.Users = 200
	defer func() { b.lab.DocumentSize = 0 }()
	backend, err := b.lab.StartBackend(algorithm)
	if err != nil {
		return nil, err
	}
	key, err := b.lab.Files.SidecarKey(algorithm)
	if err != nil {
		return nil, err
	}
	var logins []target
	for _, size := range b.until(4096, 100, 256, 1024, 4096, 16384) {
		b.lab.DocumentSize = int(size)
		store, err := b.lab.StartStore("-delay", "0s")
		if err != nil {
			return nil, err
		}
		s, err := b.lab.StartSidecar(b.program, lab.Sidecar{Backend: backend.Address, Algorithm: algorithm, Store: store.Address, More: noLimits})
		if err != nil {
			return nil, err
		}
		if _, err := fill(s, 0, b.lab.Users); err != nil {
			return nil, err
		}
		logins = append(logins, target{size, s, load.Options{Request: login, Users: b.lab.Users, Check: load.Enriched(key, int(size))}})
	}
	return b.cpuFigure(Figure{
		File: "documents", What: "size of the document", X: Axis{"size of the document", "B", true}, Y: Axis{"CPU per login", "µs", false},
	}, map[string][]target{"login": logins}, "login")
}

// cpuFigure measures the lines of a figure in an order.
func (b *bench) cpuFigure(f Figure, targets map[string][]target, names ...string) ([]Figure, error) {
	for _, name := range names {
		line, err := b.cpuLine(name, targets[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		f.Lines = append(f.Lines, line)
	}
	return []Figure{f}, nil
}
