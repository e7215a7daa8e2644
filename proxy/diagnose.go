package proxy

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/supervise"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// Diagnose says whether a [Proxy] looks for what its rules do not cover, and logs it: a
// token of the backend at a place that no rule names, an enriched token that no place
// restores, and a rule that matches no request. It needs an [Enricher] with the method
// Appraise of [enrich.Enricher]. It changes and delays no message. The zero Diagnose is
// DiagnoseAuto.
type Diagnose int

// The ways to look.
const (
	// DiagnoseAuto looks at the first messages of each path, and then at one in a hundred.
	DiagnoseAuto Diagnose = iota
	DiagnoseOn            // looks at every message
	DiagnoseOff           // costs nothing
)

// The bounds of a diagnosis. It skips messages beyond them silently.
const (
	firstLooks    = 20               // how many answers and requests of a shape are looked at
	sampled       = 100              // of the next ones, one in so many
	maxShapes     = 512              // that are told apart. All others count as one
	maxCopying    = 64               // messages that are copied at the same time
	longestCopy   = 30 * time.Second // for which a message is copied
	maxLooking    = 4                // messages that are searched at the same time
	maxAppraised  = 10               // tokens that are verified in a second
	maxRemembered = 256              // tokens whose appraisal is remembered
	maxSaid       = 512              // lines in the log about responses, and as many about requests, until the next configuration
	maxOfMessage  = 8                // different tokens of one message
)

// An appraiser is an [Enricher] that says what a token is without waiting, as that of
// package enrich does.
type appraiser interface {
	Appraise(token string, kind enrich.Kind) enrich.Appraisal
}

var _ appraiser = (*enrich.Enricher)(nil)

// A diagnosis looks for what the rules do not cover. A nil *diagnosis is off.
type diagnosis struct {
	always  bool // every message is looked at
	logger  *slog.Logger
	metrics uncoveredMetrics
	shapes  shapes
	unused  unusedRules
	tokens  appraisals
	said    saidLines     // about responses
	asked   saidLines     // about requests, which clients choose
	copying atomic.Int64  // messages that are being copied
	looking chan struct{} // each message that is being searched occupies one

	saidRestoreOff atomic.Bool
}

func newDiagnosis(o Options, m metrics) *diagnosis {
	if o.Diagnose == DiagnoseOff {
		return nil
	}
	return &diagnosis{
		always: o.Diagnose == DiagnoseOn, logger: o.Logger, metrics: m.uncovered,
		unused:  unusedRules{logger: o.Logger},
		looking: make(chan struct{}, maxLooking),
	}
}

// looksAt reports whether to look at the next message that is counted in n.
func (d *diagnosis) looksAt(n int) bool { return d.always || n <= firstLooks || n%sampled == 0 }

// start searches a message in a goroutine, and calls end after that. If too many
// are being searched, it only calls end.
func (d *diagnosis) start(search, end func()) {
	select {
	case d.looking <- struct{}{}:
	default:
		end()
		return
	}
	go func() {
		defer func() { <-d.looking }()
		defer end()
		defer supervise.Catch(d.logger, "diagnose", nil)
		search()
	}()
}

// startsToken is how every token starts whose header starts with a member, which is
// practically every token.
const startsToken = "eyJ"

// sees returns the tokens of a survey that have an appraisal, each place once. It reports
// whether the keys to decide were known. Tokens of places where tokens never change, and
// those that skip knows, are left out.
func (d *diagnosis) sees(a appraiser, found []locate.Occurrence, skip func(locate.Occurrence) bool, want ...enrich.Appraisal) (seen map[enrich.Appraisal][]locate.Occurrence, decided bool) {
	seen, decided = map[enrich.Appraisal][]locate.Occurrence{}, true
	different := map[string]bool{}
	for _, f := range found {
		if f.Location.HoldsRefreshToken() || skip(f) {
			continue
		}
		if different[f.Token] = true; len(different) > maxOfMessage {
			break
		}
		appraisal := d.tokens.of(a, f)
		if appraisal == enrich.TokenUndecided {
			decided = false
		}
		same := func(other locate.Occurrence) bool { return other.Location == f.Location }
		if slices.Contains(want, appraisal) && !slices.ContainsFunc(seen[appraisal], same) {
			seen[appraisal] = append(seen[appraisal], f)
		}
	}
	return seen, decided
}

// uncoveredMetrics count the tokens that nothing covers.
type uncoveredMetrics struct {
	metric.Int64Counter
}

var (
	inResponse = metric.WithAttributeSet(attribute.NewSet(attribute.String("where", "response")))
	inRequest  = metric.WithAttributeSet(attribute.NewSet(attribute.String("where", "request")))
)

func newUncoveredMetrics(meter metric.Meter) (m uncoveredMetrics, err error) {
	m.Int64Counter, err = meter.Int64Counter("tokengraft.uncovered.tokens",
		metric.WithDescription("Tokens at places that no rule names, in the messages that were looked at: in a response, one that left without the claim; in a request, an enriched one that was not restored."))
	if err != nil {
		return m, err
	}
	for _, where := range []metric.MeasurementOption{inResponse, inRequest} {
		m.Add(context.Background(), 0, where)
	}
	return m, nil
}

// hasTokenStart reports whether a text may have a token.
func hasTokenStart(text string) bool { return strings.Contains(text, startsToken) }
