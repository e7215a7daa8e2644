package enrich

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// transactions are empty. One takes 3 KB, which every login would leave behind. It is put back
// only after all is well, and without what was in it, except for memory of tokens.
var transactions = sync.Pool{New: func() any { return new(transaction) }}

// enrichGrant runs a transaction.
func (e *Enricher) enrichGrant(ctx context.Context, g Grant) []Outcome {
	tx := transactions.Get().(*transaction)
	tx.begin(e, g)
	outcomes := tx.run(ctx)
	if tx.end() {
		transactions.Put(tx)
	}
	return outcomes
}

// end empties the transaction. It returns false if its memory must not be used again: hooks may
// keep the claims that they got, and long tokens need much memory.
func (tx *transaction) end() bool {
	if tx.Enricher.o.Hooks != nil {
		return false
	}
	for i := range tx.usual[:min(len(tx.candidates), usualTokens)] {
		if !tx.tokens[i].end() {
			return false
		}
		tx.usual[i] = candidate{}
	}
	clear(tx.usualClaims[:])
	tx.Enricher, tx.grant, tx.candidates = nil, Grant{}, nil
	tx.othersSignIn, tx.forClient, tx.isTraced = false, false, false
	return true
}

func (tx *transaction) begin(e *Enricher, g Grant) {
	tx.Enricher, tx.grant, tx.candidates = e, g, tx.usualRefs[:0]
	for i, issued := range g.Tokens {
		var c *candidate
		if i < usualTokens {
			c = &tx.usual[i]
		} else {
			c = new(candidate)
		}
		c.issued = issued
		tx.candidates = append(tx.candidates, c)
	}
}

// memoryOf returns the memory for the token of a candidate.
func (tx *transaction) memoryOf(c *candidate) *tokenMemory {
	for i := range tx.usual {
		if c == &tx.usual[i] {
			return &tx.tokens[i]
		}
	}
	return new(tokenMemory)
}

// A tokenMemory is the memory of a parsed token. The next token overwrites it.
type tokenMemory struct {
	token   Token
	payload jsonedit.Object
	text    []byte // of the payload and the signature
}

// end forgets the token, and keeps only its memory. It returns false if that is too much to keep.
func (m *tokenMemory) end() bool {
	const most = 16 << 10
	m.token = Token{}
	return cap(m.text)+m.payload.Memory() <= most
}

// parse is ParseToken with headers that are known already. They may be nil.
func (m *tokenMemory) parse(raw string, known *headerCache) (*Token, error) {
	parts, err := splitToken(raw)
	if err != nil {
		return nil, err
	}
	m.text = slices.Grow(m.text[:0], strictBase64.DecodedLen(len(parts.payload))+strictBase64.DecodedLen(len(parts.signature)))
	d, err := parts.decode(m.text, known)
	if err != nil {
		return nil, err
	}
	if err := m.payload.Parse(d.payload); err != nil {
		return nil, fmt.Errorf("%w: payload: %w", ErrBadToken, err)
	}
	m.token = Token{
		SigningInput: parts.signed, Signature: d.signature, Algorithm: d.header.algorithm, KeyID: d.header.keyID,
		header: d.header, payload: &m.payload,
	}
	return &m.token, nil
}
