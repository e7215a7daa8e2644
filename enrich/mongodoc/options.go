package mongodoc

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// defaultTimeout is the timeout if Options.Timeout is zero.
const defaultTimeout = 500 * time.Millisecond

// Options say where the documents are and how they become JSON. URI, Database,
// Collection and Field are required.
type Options struct {
	// URI is the connection string. It is a secret: no error or log contains it.
	// Its read preference is ignored: reads go to the primary. They have read concern
	// local, unless the URI says linearizable.
	URI string
	// Database and Collection say where the documents are.
	Database, Collection string

	// Field is the path of the user-id field. Dots lead into objects and arrays.
	Field string
	// IssuerField is the path of a field with the issuer of the user. A document then
	// belongs to a user only if it has both their id and their issuer. Empty means that
	// the id is enough.
	IssuerField string
	// IDType is the type of the ids in the field. Empty means [bsonjson.AutoID].
	IDType bsonjson.UserIDType
	// Format says how documents are written as JSON. Empty means [bsonjson.Plain].
	Format bsonjson.Format
	// Projection says which parts of a document reach the token. MongoDB sends only
	// these parts, the _id and the user-id field. The zero value means the whole
	// document.
	Projection bsonjson.Projection

	// Timeout limits one lookup, including the time to find a server, to connect and
	// to retry. Zero means 500 ms.
	Timeout time.Duration
	// Logger gets messages for the operator. Nil discards them.
	Logger *slog.Logger
	// Meter records lookups, and whether the change stream is followed. Nil records
	// nothing.
	Meter metric.Meter

	dialer options.ContextDialer // for tests; nil means the network
}

// complete replaces zero options by their defaults. The error names each required
// option that is missing.
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
		faults = append(faults, fmt.Errorf("mongodoc: Options.Timeout is %v, want 0 (the default) or more", o.Timeout))
	case o.Timeout == 0:
		o.Timeout = defaultTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, errors.Join(faults...)
}
