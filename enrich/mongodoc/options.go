package mongodoc

import (
	"errors"
	"log/slog"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// defaultTimeout is what a zero Timeout means.
const defaultTimeout = 500 * time.Millisecond

// Options say where the documents are and how they become JSON. URI, Database,
// Collection and Field are required.
type Options struct {
	// URI is the connection string. It is a secret: no error or log shows it.
	// Its read preference and read concern are ignored: reads go to the primary
	// with read concern local, or linearizable if the URI says so.
	URI        string
	Database   string
	Collection string

	// Field is the path of the user-id field. Dots reach into objects and arrays.
	Field string
	// IDType is the type of the ids in the field. Empty means [bsonjson.AutoID].
	IDType bsonjson.UserIDType
	// Format is how documents become JSON. Empty means [bsonjson.Plain].
	Format bsonjson.Format
	// Projection is what of a document reaches the token. MongoDB sends nothing
	// else. Zero means the whole document.
	Projection bsonjson.Projection

	// Timeout bounds one lookup, with finding a server, connecting and retrying.
	// Zero means 500 ms.
	Timeout time.Duration
	// Logger gets what an operator should know. Nil means none.
	Logger *slog.Logger
	// Meter records lookups, and whether the change stream is followed. Nil
	// records nothing.
	Meter metric.Meter

	dialer options.ContextDialer // of tests; nil for the network
}

// complete puts defaults in place of zeros, and reports each required option
// that is missing.
func (o Options) complete() (Options, error) {
	var faults []error
	for _, required := range []struct{ name, value string }{
		{"URI", o.URI}, {"Database", o.Database}, {"Collection", o.Collection}, {"Field", o.Field},
	} {
		if required.value == "" {
			faults = append(faults, errors.New("mongodoc: Options."+required.name+" is missing"))
		}
	}
	switch {
	case o.Timeout < 0:
		faults = append(faults, errors.New("mongodoc: Options.Timeout is negative"))
	case o.Timeout == 0:
		o.Timeout = defaultTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, errors.Join(faults...)
}
