package wiretest

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A transaction holds what it has inserted until it commits.
type transaction struct {
	number  int64
	inserts []bson.D
}

// Open returns how many transactions are neither committed nor aborted.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.transactions)
}

// insert adds documents to the one collection, or to the transaction of the command.
// As in MongoDB, a command of a transaction has no write concern of its own.
func (s *Server) insert(command bson.D) bson.D {
	s.mu.Lock()
	defer s.mu.Unlock()
	documents, _ := get(command, "documents").(bson.A)
	open, refused := s.transactionOf(command)
	if refused != nil {
		return refused
	}
	for _, document := range documents {
		doc := document.(bson.D)
		if open != nil {
			open.inserts = append(open.inserts, doc)
			continue
		}
		s.docs = append(s.docs, doc)
		s.emit("insert", doc, bson.E{Key: "fullDocument", Value: doc})
	}
	return okay(bson.E{Key: "n", Value: int32(len(documents))})
}

// refuses returns the answer to a command that names a transaction which is not open, and
// nil for any other command.
func (s *Server) refuses(command bson.D) bson.D {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, refused := s.transactionOf(command)
	return refused
}

// transactionOf returns the transaction of a command, and nil if it has none. The first
// command starts it.
func (s *Server) transactionOf(command bson.D) (*transaction, bson.D) {
	if get(command, "autocommit") == nil {
		return nil, nil
	}
	id, number := fmt.Sprint(get(command, "lsid")), get(command, "txnNumber").(int64)
	if get(command, "writeConcern") != nil && get(command, "commitTransaction") == nil && get(command, "abortTransaction") == nil {
		return nil, fault(72, "InvalidOptions")
	}
	open := s.transactions[id]
	if get(command, "startTransaction") == true && (open == nil || open.number != number) {
		open = &transaction{number: number}
		s.transactions[id] = open
	}
	if open != nil && open.number == number {
		return open, nil
	}
	return nil, fault(251, "NoSuchTransaction", "TransientTransactionError")
}

// end commits or aborts the transaction of the command.
func (s *Server) end(command bson.D, commits bool) bson.D {
	s.mu.Lock()
	defer s.mu.Unlock()
	open, refused := s.transactionOf(command)
	if open == nil {
		return refused
	}
	delete(s.transactions, fmt.Sprint(get(command, "lsid")))
	if commits {
		for _, doc := range open.inserts {
			s.docs = append(s.docs, doc)
			s.emit("insert", doc, bson.E{Key: "fullDocument", Value: doc})
		}
	}
	return okay()
}
