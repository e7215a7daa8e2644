//go:build linux

package main

import (
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/lab"
	"github.com/tokengraft/tokengraft/examples/bench/internal/load"
	"github.com/tokengraft/tokengraft/examples/bench/internal/proc"
)

// A footprint is what a sidecar with documents from MongoDB takes of a machine.
type footprint struct {
	size  int64 // of the program
	ready span  // milliseconds from its start until /readyz answers 200
	idle  proc.Memory
	// loaded is the memory after all users have logged in and while they do so again.
	loaded []loaded
}

type loaded struct {
	users  int
	memory proc.Memory
	err    error // why it was not measured
}

func (b *bench) footprint() (f *footprint, err error) {
	f = new(footprint)
	if f.size, err = b.size(); err != nil {
		return f, err
	}
	backend, err := b.StartBackend("HS256")
	if err != nil {
		return f, err
	}
	defer backend.Stop()
	var times []float64
	for range b.starts {
		took, memory, err := b.start(backend)
		if err != nil {
			return f, err
		}
		times = append(times, took.Seconds()*1e3)
		f.idle = memory
	}
	f.ready = spanOf(times)
	for _, users := range []int{b.users, b.many} {
		if users == 0 {
			continue
		}
		memory, err := b.loaded(users)
		f.loaded = append(f.loaded, loaded{users, memory, err})
	}
	return f, nil
}

// start returns how long a sidecar takes until it is ready, and its memory a second
// later.
func (b *bench) start(backend *lab.Server) (took time.Duration, memory proc.Memory, err error) {
	admin, err := lab.FreeAddress()
	if err != nil {
		return 0, memory, err
	}
	began := time.Now()
	s, err := b.StartSidecar(b.program, lab.Sidecar{Admin: admin, Backend: backend.Address, Algorithm: "HS256", Store: b.store.Address})
	if err != nil {
		return 0, memory, err
	}
	defer s.Stop()
	if err := awaitReady("http://"+admin+"/readyz", began.Add(10*time.Second)); err != nil {
		return 0, memory, err
	}
	took = time.Since(began)
	time.Sleep(time.Second)
	memory, err = s.Memory()
	return took, memory, err
}

func awaitReady(url string, deadline time.Time) error {
	for {
		response, err := http.Get(url)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("%s: %s", url, response.Status)
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// loaded returns the memory of a sidecar that has so many users' documents in its
// cache, at the end of some seconds of logins.
func (b *bench) loaded(users int) (memory proc.Memory, err error) {
	log.Printf("memory with %d users", users)
	b.Users = users
	defer func() { b.Users = b.users }()
	backend, err := b.StartBackend("HS256")
	if err != nil {
		return memory, err
	}
	defer backend.Stop()
	store, err := b.StartStore()
	if err != nil {
		return memory, err
	}
	defer store.Stop()
	s, err := b.StartSidecar(b.program, lab.Sidecar{Backend: backend.Address, Algorithm: "HS256", Store: store.Address})
	if err != nil {
		return memory, err
	}
	defer s.Stop()
	key, err := b.Files.BackendKey("HS256")
	if err != nil {
		return memory, err
	}
	logins := load.Options{Request: load.Login("/oauth/token"), Connections: connections, Users: users, Check: load.Enriched(key, 0)}
	first := logins
	first.Once, first.Samples = true, 500
	m, err := lab.Measure(s, first, 0, 2*time.Minute)
	if err == nil && m.Errors == 0 {
		m, err = lab.Measure(s, logins, 0, 4*b.length)
	}
	if err == nil && m.Errors > 0 {
		err = fmt.Errorf("%d responses are wrong: %w", m.Errors, m.Err)
	}
	return m.Memory, err
}
