//go:build linux

package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/lab"
	"github.com/tokengraft/tokengraft/examples/bench/internal/load"
)

// A store is a lab's store with its control listener.
type store struct {
	*lab.Server
	control string
}

func startStore(l *lab.Lab) (store, error) {
	control, err := lab.FreeAddress()
	if err != nil {
		return store{}, err
	}
	s, err := l.StartStore("-delay", "0s", "-control", control)
	return store{s, control}, err
}

// setRate makes the store send so many changes a second.
func (s store) setRate(rate float64) error {
	response, err := http.Post(fmt.Sprintf("http://%s/rate/%d", s.control, int(rate)), "", nil)
	if err == nil {
		response.Body.Close()
	}
	return err
}

// count returns a count of the store: "sent" or "reads".
func (s store) count(of string) (int, error) {
	response, err := http.Get("http://" + s.control + "/" + of)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

// changes measures a sidecar that follows a change stream, without requests and with a
// fixed number of logins a second.
func changes(b *bench) ([]Figure, error) {
	b.lab.Users = 10_000
	backend, err := b.lab.StartBackend(algorithm)
	if err != nil {
		return nil, err
	}
	store, err := startStore(b.lab)
	if err != nil {
		return nil, err
	}
	s, err := b.lab.StartSidecar(b.program, lab.Sidecar{Backend: backend.Address, Algorithm: algorithm, Store: store.Address, Watch: true, More: noLimits})
	if err != nil {
		return nil, err
	}
	if _, err := fill(s, 0, b.lab.Users); err != nil {
		return nil, err
	}
	idle, busy := Line{Name: "no logins"}, Line{Name: "500 logins/s"}
	for _, rate := range b.until(1000, 0, 10, 100, 1_000, 10_000) {
		if err := store.setRate(rate); err != nil {
			return nil, err
		}
		without, err := b.share(s, store, rate, 0)
		if err != nil {
			return nil, err
		}
		with, err := b.share(s, store, rate, 500)
		if err != nil {
			return nil, err
		}
		idle.Points = append(idle.Points, Point{rate, without})
		busy.Points = append(busy.Points, Point{rate, with})
	}
	return []Figure{{
		File: "changes", What: "changes of documents a second", X: Axis{"changes per second", "", true},
		Y: Axis{"CPU, share of a core", "%", true}, Lines: []Line{idle, busy},
	}}, nil
}

// share returns how much of a core the sidecar takes, in percent, with so many changes and
// logins a second: the median of the rounds.
func (b *bench) share(s *lab.Server, store store, rate, logins float64) (float64, error) {
	var shares []float64
	for range b.rounds {
		sent, err := store.count("sent")
		if err != nil {
			return 0, err
		}
		before, err := s.CPU()
		if err != nil {
			return 0, err
		}
		start := time.Now()
		if err := b.occupy(s, logins); err != nil {
			return 0, err
		}
		after, err := s.CPU()
		if err != nil {
			return 0, err
		}
		took := time.Since(start).Seconds()
		now, err := store.count("sent")
		if err != nil {
			return 0, err
		}
		if got := float64(now-sent) / took; !b.quick && (got < rate*0.8-2 || got > rate*1.2+2) {
			return 0, fmt.Errorf("the sidecar took %.0f changes a second, the store had %.0f", got, rate)
		}
		shares = append(shares, (after-before).Seconds()/took*100)
	}
	slices.Sort(shares)
	return shares[len(shares)/2], nil
}

// occupy sends so many logins a second for the length of a measurement.
func (b *bench) occupy(s *lab.Server, rate float64) error {
	length := max(b.length, time.Second)
	if rate == 0 {
		time.Sleep(length)
		return nil
	}
	clients := load.New(load.Options{Address: s.Address, Request: login, Users: b.lab.Users, Rate: rate})
	defer clients.Close()
	if r := clients.Run(length); r.Errors > 0 {
		return fmt.Errorf("%d errors: %w", r.Errors, r.Err)
	}
	return nil
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }
