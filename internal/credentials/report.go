package credentials

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/tokengraft/tokengraft/enrich"
)

// maxLogged limits how many fields are logged, because users may choose the names in
// their documents. The metric counts all.
const maxLogged = 100

// A Report logs each field that looked like a credential once, and counts all. It is
// safe for concurrent use.
type Report struct {
	log               *slog.Logger
	dropped, embedded func(context.Context, int64)

	mu     sync.Mutex
	logged map[enrich.Credential]bool
}

// NewReport makes a report. A nil meter records nothing.
func NewReport(log *slog.Logger, meter metric.Meter) (*Report, error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	counter, err := meter.Int64Counter("tokengraft.credentials",
		metric.WithDescription("Document fields that look like credentials, by what happened to them, at each read of a document from its source."))
	if err != nil {
		return nil, fmt.Errorf("cannot make the metric of credentials: %w", err)
	}
	count := func(action string) func(context.Context, int64) {
		label := metric.WithAttributeSet(attribute.NewSet(attribute.String("action", action)))
		counter.Add(context.Background(), 0, label)
		return func(ctx context.Context, n int64) { counter.Add(ctx, n, label) }
	}
	return &Report{log: log, dropped: count("dropped"), embedded: count("embedded"), logged: map[enrich.Credential]bool{}}, nil
}

// Add reports what a read of a document found.
func (r *Report) Add(ctx context.Context, found []enrich.Credential) {
	for _, c := range found {
		if c.Dropped {
			r.dropped(ctx, 1)
		} else {
			r.embedded(ctx, 1)
		}
		switch first, last := r.isNew(c); {
		case last:
			r.log.LogAttrs(ctx, slog.LevelWarn, "more fields of documents look like credentials than are logged. tokengraft_credentials_total counts all",
				slog.String("advice", "List the fields that clients need in claim.include."))
		case first:
			r.warn(ctx, c)
		}
	}
}

// isNew reports whether a field was not logged before, and whether it is the first one
// that is too many.
func (r *Report) isNew(c enrich.Credential) (first, last bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.logged[c] || len(r.logged) > maxLogged {
		return false, false
	}
	r.logged[c] = true
	return true, len(r.logged) > maxLogged
}

func (r *Report) warn(ctx context.Context, c enrich.Credential) {
	message := "a field of documents looks like a credential and is left out of tokens"
	if !c.Dropped {
		message = "a field of documents looks like a credential and is in tokens, which every client and verifier can read"
	}
	r.log.LogAttrs(ctx, slog.LevelWarn, message, slog.String("field", c.Path), slog.String("advice", Advice(c)))
}

// Advice says what to do about a field, with the line of YAML.
func Advice(c enrich.Credential) string {
	const section = "in the section claim, write "
	switch hidden := strings.Contains(c.Path, Hidden); {
	case hidden && c.Dropped:
		return "The path has a name that looks like an id, shown as *. claim.include cannot name such fields. If clients need it, give it another name or place."
	case hidden:
		return "The path has a name that looks like an id, shown as *. Write in the section claim: credentials: drop, or list the fields that clients need in include."
	case c.Dropped:
		return fmt.Sprintf("To say that it should stay out, %sexclude: [%s], or list only the fields that clients need in include. To embed it on purpose: include: [%[2]s], with the paths of all other fields that clients need.", section, c.Path)
	}
	return fmt.Sprintf("To keep it out, %scredentials: drop, or exclude: [%s], or list only the fields that clients need in include. A field whose exact path is in include is not reported.", section, c.Path)
}
