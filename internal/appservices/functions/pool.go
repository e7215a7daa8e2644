package functions

import (
	"context"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/internal/reexec"
)

// idleTime is how long a process without calls is kept.
const idleTime = time.Minute

// A pool keeps the processes of an app.
type pool struct {
	places chan struct{} // one for each process

	mu      sync.Mutex
	idle    []*worker // the one that was used last is the last
	busy    map[*worker]bool
	closed  bool
	calling sync.WaitGroup // calls that have a process or a place for one
}

func newPool(processes int) pool {
	return pool{places: make(chan struct{}, processes), busy: map[*worker]bool{}}
}

// take returns a process for one call: an idle one, or a new one. It waits for one
// until ctx ends. The caller gives it back with put.
func (a *App) take(ctx context.Context) (*worker, error) {
	if !a.pool.enter() {
		return nil, ErrClosed
	}
	select {
	case a.pool.places <- struct{}{}:
	case <-ctx.Done():
		a.pool.calling.Done()
		return nil, ctx.Err()
	}
	if w := a.pool.takeIdle(); w != nil {
		return w, nil
	}
	w, err := a.startWorker(ctx)
	if err != nil {
		<-a.pool.places
		a.pool.calling.Done()
		return nil, err
	}
	return w, nil
}

// enter counts a call, and reports whether the pool is open.
func (p *pool) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.calling.Add(1)
	}
	return !p.closed
}

// takeIdle returns the process that was used last and has not ended, or nil.
func (p *pool) takeIdle() *worker {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		w := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		w.expiry.Stop()
		if w.lives() {
			p.busy[w], w.reused = true, true
			return w
		}
		w.child.Kill()
	}
	return nil
}

// add adds a new process, which is busy. It reports whether the pool is open.
func (p *pool) add(w *worker) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy[w] = true
	return !p.closed
}

// put takes a process back after its call. It frees the place of a process that does
// not live when the process has ended.
func (p *pool) put(w *worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.busy, w)
	if w.lives() && !p.closed {
		w.expiry = time.AfterFunc(idleTime, func() { p.expire(w) })
		p.idle = append(p.idle, w)
		<-p.places
		p.calling.Done()
		return
	}
	w.child.Kill()
	go func() {
		<-w.child.Done()
		<-p.places
		p.calling.Done()
	}()
}

// expire ends a process that is still idle.
func (p *pool) expire(w *worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, idle := range p.idle {
		if idle == w {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			w.child.Kill()
			return
		}
	}
}

// close ends idle processes at once, and the others after their calls or when ctx ends.
func (p *pool) close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, w := range idle {
		w.expiry.Stop()
		w.child.Kill()
	}
	done := make(chan struct{})
	go func() {
		p.calling.Wait()
		close(done)
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = ctx.Err()
		p.killBusy()
		select {
		case <-done:
		case <-time.After(maxAwait): // an operation does not stop
		}
	}
	for _, w := range idle {
		<-w.child.Done()
	}
	return err
}

func (p *pool) killBusy() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.busy {
		w.child.Kill()
	}
}

// lives reports whether the process can run another call.
func (w *worker) lives() bool {
	select {
	case <-w.child.Done():
		return false
	default:
		return !w.broken && w.processors < maxUsed
	}
}

// startWorker starts a process. If ctx ends before the process is ready, it is killed.
func (a *App) startWorker(ctx context.Context) (*worker, error) {
	child, err := reexec.Start(processName)
	if err != nil {
		return nil, startFault(err)
	}
	w := newWorker(a, child)
	open := a.pool.add(w)
	stop := context.AfterFunc(ctx, child.Kill)
	err = w.setUp()
	switch {
	case !stop():
		err = ctx.Err()
	case !open:
		err = ErrClosed
	case err == nil:
		return w, nil
	}
	a.pool.remove(w)
	child.Kill()
	<-child.Done()
	return nil, err
}

func (p *pool) remove(w *worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.busy, w)
}
