package functions

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich/hooks"
)

const (
	// maxTransactions is how many transactions a call may have open at a time. Each
	// holds locks in MongoDB.
	maxTransactions = 8
	// abortTimeout bounds the end of a transaction whose call has ended.
	abortTimeout = 2 * time.Second
)

// The texts that functions see.
const (
	errNoTransactions   = shown("transactions are not supported by this MongoDB: they need a replica set, for which one node is enough, or a sharded cluster")
	errRestricted       = shown("transactions are available only to functions that run as system")
	errManyTransactions = shown("a function may have at most 8 open transactions")
	errNoTransaction    = shown("the transaction has ended")
)

// transactions are the open ones of one call, in the sidecar.
type transactions struct {
	*worker
	database   hooks.Database // of the call; nil if it has none
	restricted bool           // the call has a database of its own
	mu         sync.Mutex
	ended      bool // the call has ended
	open       map[int64]*transaction
}

// A transaction runs one command at a time.
type transaction struct {
	mu sync.Mutex
	hooks.Transaction
}

func newTransactions(w *worker, request Call) *transactions {
	t := &transactions{worker: w, database: w.o.Database, open: map[int64]*transaction{}}
	if t.database != nil && request.Database != nil {
		t.database, t.restricted = request.Database, true
	}
	return t
}

// run runs a command, in a transaction if it names one.
func (t *transactions) run(ctx context.Context, m message) ([]byte, error) {
	switch {
	case m.Transaction != 0:
		return t.command(ctx, m)
	case t.database == nil:
		return nil, errNoReply
	}
	return t.database.Command(ctx, m.Database, m.payload)
}

// step does what the process asks for, and answers.
func (t *transactions) step(ctx context.Context, m message) {
	reply, err := t.ask(ctx, m.Function, func() ([]byte, error) {
		switch m.Step {
		case stepBegin:
			return done, t.begin(ctx, m)
		case stepCommit:
			return t.commit(ctx, m.Transaction)
		case stepAbort:
			t.end(ctx, m.Transaction)
			return done, nil
		}
		return nil, errProtocol
	})
	t.answer(ctx, message{Kind: kindReply, ID: m.ID, payload: reply}, err)
}

var done = json.RawMessage(`{"ok":1}`)

func (t *transactions) begin(ctx context.Context, m message) error {
	transactor, ok := t.database.(hooks.Transactor)
	switch {
	case !ok && t.restricted:
		return errRestricted
	case !ok:
		return errNoTransactions
	}
	begun, err := transactor.Begin(ctx)
	if errors.Is(err, hooks.ErrNoTransactions) {
		t.log.LogAttrs(ctx, slog.LevelError, "a function starts a transaction, but this MongoDB has none: use a replica set, for which one node is enough, or write without a session", slog.String("function", m.Function))
		return errNoTransactions
	}
	if err != nil {
		return err
	}
	if err := t.add(m.Transaction, begun); err != nil {
		begun.Abort(ctx)
		return err
	}
	return nil
}

func (t *transactions) add(id int64, begun hooks.Transaction) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended || len(t.open) == maxTransactions || t.open[id] != nil {
		return errManyTransactions
	}
	t.open[id] = &transaction{Transaction: begun}
	return nil
}

func (t *transactions) find(id int64) (*transaction, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := t.open[id]
	if found == nil {
		return nil, errNoTransaction
	}
	return found, nil
}

// command runs a command in its transaction.
func (t *transactions) command(ctx context.Context, m message) ([]byte, error) {
	in, err := t.find(m.Transaction)
	if err != nil {
		return nil, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.Command(ctx, m.Database, m.payload)
}

// commit commits a transaction. It stays open if MongoDB refuses that.
func (t *transactions) commit(ctx context.Context, id int64) ([]byte, error) {
	in, err := t.find(id)
	if err != nil {
		return nil, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	reply, err := in.Commit(ctx)
	var outcome struct{ OK float64 }
	if err == nil && json.Unmarshal(reply, &outcome) == nil && outcome.OK == 1 {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.open, id)
	}
	return reply, err
}

// end aborts a transaction, if it is open.
func (t *transactions) end(ctx context.Context, id int64) {
	t.mu.Lock()
	in := t.open[id]
	delete(t.open, id)
	t.mu.Unlock()
	if in != nil {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.Abort(ctx)
	}
}

// abort aborts, in the background, what the call has left open.
func (t *transactions) abort(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	for id := range t.open {
		t.pool.calling.Add(1)
		go func() {
			defer t.pool.calling.Done()
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
			defer cancel()
			t.end(ctx, id)
		}()
	}
}
