package filedoc

import (
	"log/slog"

	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// Options say where the documents are and how they become JSON. Path and Field are
// required.
type Options struct {
	// Path is a file with a JSON array of documents, or with one document after the
	// other (NDJSON). It may be MongoDB Extended JSON, so an export of mongoexport
	// works as it is.
	Path string

	// Field is the path of the user-id field. Dots reach into objects and arrays.
	Field string
	// IDType is the type of the ids in the field. Empty means [bsonjson.AutoID].
	IDType bsonjson.UserIDType
	// Format is how documents become JSON. Empty means [bsonjson.Plain].
	Format bsonjson.Format
	// Projection is what of a document reaches the token. Zero means the whole
	// document.
	Projection bsonjson.Projection

	// Logger gets what an operator should know. Nil means none.
	Logger *slog.Logger
	// Meter records lookups. Nil records nothing.
	Meter metric.Meter
}
