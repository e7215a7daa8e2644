package data

// The limits of one call.
const (
	maxExamined = 1000     // documents that MongoDB returns to the sidecar
	maxRead     = 16 << 20 // their bytes
	maxAnswer   = 4 << 20  // bytes of documents that the user gets
	valueMemory = 64       // bytes of a value in memory, without its text
	maxSteps    = 5 << 20  // values that queries and rules compare
	maxCalls    = 200      // of functions by rules: one runs at a time, for all users

	maxQueryDepth = 20   // nested documents and arrays of a query
	maxClauses    = 100  // conditions of a query
	maxOperands   = 1000 // values in all lists of a query
	maxPathNames  = 32   // names in a path
	maxSortKeys   = 8
	maxFields     = 200 // of a projection or an update
	maxStages     = 20  // of a pipeline
	maxPadding    = 1000
	// maxNesting is how deep a document may be that users write. It is less than
	// bsonvalue.MaxDepth, because user objects and answers have documents in them.
	maxNesting  = 90
	maxAttempts = 3 // at a write of a document that others write too
)

// A budget is what a call has left. It is used by one goroutine.
type budget struct{ steps, calls int }

func newBudget() *budget { return &budget{maxSteps, maxCalls} }

// spend takes a step. It returns false if none is left.
func (b *budget) spend() bool { return b.take(1) }

// take takes steps. It returns false if not as many are left.
func (b *budget) take(steps int) bool {
	b.steps -= steps
	return b.steps >= 0
}

// check returns an error if the budget was overdrawn: results since then mean nothing.
func (b *budget) check() error {
	if b.calls < 0 {
		return errCalls
	}
	if b.steps < 0 {
		return errExpensive
	}
	return nil
}
