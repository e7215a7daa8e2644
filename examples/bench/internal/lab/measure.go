//go:build linux

package lab

import (
	"errors"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/load"
	"github.com/tokengraft/tokengraft/examples/bench/internal/proc"
)

// A Measurement is what a load cost a proxy.
type Measurement struct {
	load.Result
	// CPU is the user and system time of the proxy for one request.
	CPU time.Duration
	// Memory is the proxy's resident memory at the end of the load.
	Memory proc.Memory
}

// Measure sends a load to a proxy, and measures it for a time after a warm-up. A load
// without any response is an error; wrong responses are in the result.
func Measure(s *Server, o load.Options, warmUp, length time.Duration) (Measurement, error) {
	o.Address = s.Address
	clients := load.New(o)
	defer clients.Close()
	if warmUp > 0 {
		clients.Run(warmUp)
	}
	before, err := s.CPU()
	if err != nil {
		return Measurement{}, err
	}
	m := Measurement{Result: clients.Run(length)}
	after, err := s.CPU()
	if err != nil {
		return m, err
	}
	if m.Requests == 0 {
		return m, errors.Join(errors.New("no request was answered"), m.Err)
	}
	m.CPU = (after - before) / time.Duration(m.Requests)
	m.Memory, err = s.Process.Memory()
	return m, err
}
