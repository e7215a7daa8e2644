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

// Command runs one MongoDB command, such as insert, on the primary, in any database
// of the same servers. Command and reply are Extended JSON; the reply is canonical.
// If MongoDB refuses the command, Command returns that reply, with its code and
// errmsg, and no error. Do not log a reply: it may quote documents. An error means
// that the command is not valid JSON or that there was no reply.
//
// Command sends the command unchanged, without adding even a write concern, and does
// not retry. Only ctx limits its time, not Options.Timeout.
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
