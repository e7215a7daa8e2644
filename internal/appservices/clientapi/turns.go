package clientapi

import (
	"context"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

const (
	// maxWait is how long a call waits for its turn.
	maxWait = 5 * time.Second
	// maxWaiting is how many calls of one user may wait. It is much less than the turns that
	// the sidecar has for calls: others must find one.
	maxWaiting = 8
)

// turns bound how many calls run at a time, of all users and of each. One user gets all
// places but one, so that another can always call a function.
type turns struct {
	all     chan struct{}
	ofEach  int
	mu      sync.Mutex
	byUsers map[enrich.User]*userTurns // of those who have a call
}

// userTurns are those of one user.
type userTurns struct {
	places chan struct{}
	calls  int // running and waiting; guarded by turns.mu
}

func newTurns(places int) *turns {
	places = max(places, 1)
	return &turns{all: make(chan struct{}, places), ofEach: max(places-1, 1), byUsers: map[enrich.User]*userTurns{}}
}

// take waits for a turn. The caller calls end when the call has ended.
func (t *turns) take(ctx context.Context, user enrich.User) (end func(), err error) {
	u := t.enter(user)
	if u == nil {
		return nil, errLimited
	}
	limit := time.NewTimer(maxWait)
	defer limit.Stop()
	if err := wait(ctx, u.places, limit.C); err != nil {
		t.leave(user, u)
		return nil, err
	}
	if err := wait(ctx, t.all, limit.C); err != nil {
		<-u.places
		t.leave(user, u)
		return nil, err
	}
	return func() {
		<-t.all
		<-u.places
		t.leave(user, u)
	}, nil
}

// wait takes one of the places. A call for which there is none in its time has not run, so
// the client may send it again.
func wait(ctx context.Context, places chan struct{}, limit <-chan time.Time) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-limit:
	case <-ctx.Done():
	}
	return errOverloaded
}

// enter counts a call of a user. It returns nil if too many wait.
func (t *turns) enter(user enrich.User) *userTurns {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.byUsers[user]
	if u == nil {
		u = &userTurns{places: make(chan struct{}, t.ofEach)}
		t.byUsers[user] = u
	}
	if u.calls == t.ofEach+maxWaiting {
		return nil
	}
	u.calls++
	return u
}

func (t *turns) leave(user enrich.User, u *userTurns) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u.calls--; u.calls == 0 {
		delete(t.byUsers, user)
	}
}
