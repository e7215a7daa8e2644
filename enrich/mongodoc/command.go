package mongodoc

import (
	"context"
	"encoding/json"
	"errors"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/tracing"
)

// Command runs one command of MongoDB, such as insert, against a database on the
// same servers, on the primary. Command and reply are Extended JSON; the reply
// is canonical. What MongoDB refuses is a reply too, with its code and errmsg: it
// may quote documents, so it belongs in no log. An error is that there was no
// reply.
//
// Nothing is added to the command, a write concern neither, and nothing is
// retried. ctx bounds it; the timeout of lookups does not.
func (s *Source) Command(ctx context.Context, database string, command json.RawMessage) (json.RawMessage, error) {
	ctx, span := tracing.Start(ctx, "mongodb command", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("db.system.name", "mongodb")))
	defer span.End()
	doc, err := bsonjson.Parse(command)
	if err != nil {
		return nil, err
	}
	client, err := s.connection.client(ctx)
	if err != nil {
		return nil, s.wrapError(err)
	}
	reply, err := client.Database(database).RunCommand(ctx, doc).Raw()
	var refusal mongo.CommandError
	var write mongo.WriteException
	switch {
	case errors.As(err, &refusal) && len(refusal.Raw) > 0:
		reply = refusal.Raw
	case errors.As(err, &write) && len(write.Raw) > 0:
		reply = write.Raw
	case err != nil:
		return nil, s.wrapError(err)
	}
	return bsonjson.Render(reply, bsonjson.Canonical)
}
