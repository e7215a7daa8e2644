package enrich

import (
	"context"
	"reflect"
)

// KnownHeaders returns how many headers the cache of an Enricher holds.
func KnownHeaders(e *Enricher) int {
	if recent := e.headers.recent.Load(); recent != nil {
		return len(*recent)
	}
	return 0
}

// ReusesMemoryOf reports whether the memory of a token is kept for the next one.
func ReusesMemoryOf(raw string) bool {
	var m tokenMemory
	m.parse(raw, nil)
	return m.end()
}

// IsEmptyAfter enriches a grant, and reports whether what is kept for the next one is empty,
// except for memory of tokens.
func IsEmptyAfter(ctx context.Context, e *Enricher, g Grant) bool {
	tx := new(transaction)
	tx.begin(e, g)
	tx.run(ctx)
	reused := tx.end()
	for i := range tx.tokens {
		tx.tokens[i].payload, tx.tokens[i].text = tokenMemory{}.payload, nil
	}
	tx.usualRefs = [usualTokens]*candidate{} // they point into the transaction
	return reused && reflect.ValueOf(*tx).IsZero()
}
