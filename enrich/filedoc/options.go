package filedoc

import (
	"log/slog"

	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// Options say where the documents are and how they become JSON. Path and Field are
// required.
type Options struct {
	// Path is the path of a file with a JSON array of documents, or with one document
	// after the other (NDJSON). It may be MongoDB Extended JSON, so an export of
	// mongoexport works unchanged.
	Path string

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
	// Projection says which parts of a document reach the token. The zero value means
	// the whole document.
	Projection bsonjson.Projection

	// Logger gets messages for the operator. Nil discards them.
	Logger *slog.Logger
	// Meter records lookups. Nil records nothing.
	Meter metric.Meter
}
