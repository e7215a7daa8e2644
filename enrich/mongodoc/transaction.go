package mongodoc

import (
	"context"
	"encoding/json"
	"errors"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// ErrNoTransactions means that the server has no transactions, because it is neither a
// member of a replica set nor a router of a sharded cluster.
var ErrNoTransactions = errors.New("this MongoDB has no transactions")

// A Transaction is a transaction of MongoDB. It is not safe for concurrent use. The
// caller calls Commit or Abort.
type Transaction struct {
	source  *Source
	session *mongo.Session
}

// Begin starts a transaction, with read concern local and write concern majority. Its
// error is [ErrNoTransactions] if the server has none.
func (s *Source) Begin(ctx context.Context) (*Transaction, error) {
	if err := s.checkTransactions(ctx); err != nil {
		return nil, err
	}
	client, err := s.connection.client(ctx)
	if err != nil {
		return nil, s.wrapError(err)
	}
	session, err := client.StartSession()
	if err != nil {
		return nil, s.wrapError(err)
	}
	err = session.StartTransaction(options.Transaction().SetReadConcern(readconcern.Local()).SetWriteConcern(writeconcern.Majority()))
	if err != nil {
		session.EndSession(ctx)
		return nil, s.wrapError(err)
	}
	return &Transaction{s, session}, nil
}

// checkTransactions asks the server what it is. A server without transactions could run
// the commands of one, and refuse only to commit.
func (s *Source) checkTransactions(ctx context.Context) error {
	reply, err := s.Command(ctx, "admin", json.RawMessage(`{"hello":1}`))
	var hello struct{ SetName, Msg string }
	if err == nil {
		err = json.Unmarshal(reply, &hello)
	}
	if err == nil && hello.SetName == "" && hello.Msg != "isdbgrid" {
		return ErrNoTransactions
	}
	return err
}

// Command is like [Source.Command], in the transaction. The command must not have a
// write concern.
func (t *Transaction) Command(ctx context.Context, database string, command json.RawMessage) (json.RawMessage, error) {
	return t.source.Command(mongo.NewSessionContext(ctx, t.session), database, command)
}

// Commit commits the transaction. If MongoDB refuses that, Commit returns the refusal
// as [Source.Command] does.
func (t *Transaction) Commit(ctx context.Context) (json.RawMessage, error) {
	err := t.session.CommitTransaction(ctx)
	var refusal mongo.CommandError
	switch {
	case err == nil:
		t.session.EndSession(ctx)
		return json.RawMessage(`{"ok":1}`), nil
	case errors.As(err, &refusal) && refusal.Code != 0:
		return json.Marshal(map[string]any{
			"ok": 0, "code": refusal.Code, "codeName": refusal.Name, "errmsg": refusal.Message, "errorLabels": refusal.Labels,
		})
	}
	return nil, t.source.wrapError(err)
}

// Abort ends the transaction. If that fails, MongoDB ends it after a minute
// (transactionLifetimeLimitSeconds).
func (t *Transaction) Abort(ctx context.Context) { t.session.EndSession(ctx) }
