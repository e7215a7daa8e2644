package load

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/http1"
)

// A client is one connection of a load, used by one goroutine.
type client struct {
	clients  *Clients
	random   *rand.Rand
	conn     net.Conn // nil until it is needed, and after an error
	reader   *bufio.Reader
	request  []byte
	response http1.Message

	// The figures of the current Run.
	latencies []time.Duration
	samples   []sample
	errors    int
	err       error
}

type sample struct {
	user int
	body []byte
}

const (
	timeout   = 10 * time.Second // for one response
	tolerated = 100              // errors of a connection before it gives up
	sampling  = 7                // one response in so many is a sample, while there are too few
)

func (c *client) run(start, end time.Time, s schedule) {
	c.latencies, c.samples, c.errors, c.err = c.latencies[:0], c.samples[:0], 0, nil
	due := start.Add(s.first)
	for c.errors < tolerated {
		now := time.Now()
		if s.every > 0 {
			if !due.Before(end) {
				return
			}
			time.Sleep(due.Sub(now))
			now, due = due, due.Add(s.every)
		} else if now.After(end) {
			return
		}
		user, ok := c.clients.user(c.random)
		if !ok {
			return
		}
		if err := c.exchange(user); err != nil {
			c.errors, c.err = c.errors+1, err
			continue
		}
		c.latencies = append(c.latencies, time.Since(now))
		c.sample(user)
	}
}

// exchange sends one request and reads the response.
func (c *client) exchange(user int) error {
	if err := c.open(); err != nil {
		time.Sleep(10 * time.Millisecond)
		return err
	}
	c.request = c.clients.options.Request(c.request[:0], user)
	c.conn.SetDeadline(time.Now().Add(timeout))
	if _, err := c.conn.Write(c.request); err != nil {
		c.close()
		return err
	}
	err := c.response.Read(c.reader)
	if err != nil || c.response.Close {
		c.close()
	}
	if err == nil && string(c.response.Target()) != "200" {
		err = fmt.Errorf("%s: %.300s", c.response.Start, c.response.Body)
	}
	return err
}

// sample keeps a copy of the last response for the check after the run.
func (c *client) sample(user int) {
	if len(c.samples) < c.clients.options.Samples && len(c.latencies)%sampling == 1 {
		c.samples = append(c.samples, sample{user, bytes.Clone(c.response.Body)})
	}
}

func (c *client) open() (err error) {
	if c.conn != nil {
		return nil
	}
	if c.conn, err = net.DialTimeout("tcp", c.clients.options.Address, 2*time.Second); err != nil {
		c.conn = nil
		return err
	}
	if c.reader == nil {
		c.reader = bufio.NewReaderSize(nil, 4<<10)
	}
	c.reader.Reset(c.conn)
	return nil
}

func (c *client) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}
