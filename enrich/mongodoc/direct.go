package mongodoc

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/description"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/mnet"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/session" //lint:ignore SA1019 see direct
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/xoptions"
)

// A direct sends the find of a lookup to the primary as one message that it writes itself.
// The driver still finds the primary, authenticates, keeps the connections and learns of
// errors. It does without the operation of the driver: session, retries, monitoring, four
// marshalled documents and a cursor. BenchmarkLookup counts 36 allocations for a lookup and 131 with it.
//
// It uses packages of the driver below x, which may change with any version of the driver.
// That is the price, and it is paid only here.
type direct struct {
	servers *topology.Topology
	options []byte // the members of every command, such as the read concern
}

// errNotDirect means that the driver must send the command: it does not know a
// primary yet, or the servers need what a direct does not do.
var errNotDirect = errors.New("the command needs the driver's operation")

// errOutOfStep means that an answer is not that to the message, by the id in its header.
var errOutOfStep = errors.New("MongoDB answered another request")

// newDirect makes the part of the driver that knows the servers, and makes o use it. It
// returns nil if commands need more than a direct does: a compressor, the stable API, a load
// balancer, or tokens that expire.
func newDirect(o *options.ClientOptions) (*direct, error) {
	if len(o.Compressors) > 0 || o.ServerAPIOptions != nil || o.LoadBalanced != nil && *o.LoadBalanced ||
		o.Auth != nil && o.Auth.AuthMechanism == "MONGODB-OIDC" {
		return nil, nil
	}
	config, err := topology.NewConfig(o, new(session.ClusterClock)) //lint:ignore SA1019 see direct
	if err != nil {
		return nil, err
	}
	servers, err := topology.New(config)
	if err != nil {
		return nil, err
	}
	level := bsoncore.AppendStringElement(nil, "level", o.ReadConcern.Level)
	d := &direct{servers, bsoncore.AppendDocumentElement(nil, "readConcern", bsoncore.BuildDocument(nil, level))}
	return d, xoptions.SetInternalClientOptions(o, "deployment", servers)
}

// newFind returns the members of a find that do not depend on the user. The answer has at
// most two documents and leaves no cursor.
func newFind(database, collection string, projection []byte) []byte {
	find := bsoncore.AppendStringElement(nil, "find", collection)
	find = bsoncore.AppendStringElement(find, "$db", database)
	find = bsoncore.AppendInt64Element(find, "limit", 2)
	find = bsoncore.AppendBooleanElement(find, "singleBatch", true)
	if projection != nil {
		find = bsoncore.AppendDocumentElement(find, "projection", projection)
	}
	return find
}

// run returns the first two documents that the primary finds. The error is errNotDirect if
// the driver's operation must be used.
func (d *direct) run(ctx context.Context, find, filter, sort []byte) ([][]byte, error) {
	server, err := d.primary()
	if err != nil {
		return nil, err
	}
	connection, err := server.Connection(ctx)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	reply, err := exchange(ctx, connection, d.message(find, filter, sort))
	if err != nil {
		server.ProcessError(err, connection)
		return nil, publicError(err)
	}
	return firstBatch(reply)
}

// primary returns the server that answers reads of the primary.
func (d *direct) primary() (*topology.SelectedServer, error) {
	known := d.servers.Description()
	for i := range known.Servers {
		kind := known.Servers[i].Kind
		if known.Kind == description.TopologyKindReplicaSetWithPrimary && kind == description.ServerKindRSPrimary ||
			known.Kind == description.TopologyKindSingle && kind == description.ServerKindStandalone {
			if server, err := d.servers.FindServer(known.Servers[i]); err == nil && server != nil {
				return server, nil
			}
		}
	}
	return nil, errNotDirect
}

// message returns the command as a message of the wire protocol.
func (d *direct) message(find, filter, sort []byte) []byte {
	const header, frame = 16 + 4 + 1, 64 // the frame is a bound for the rest
	at, message := wiremessage.AppendHeaderStart(make([]byte, 0, header+frame+len(find)+len(d.options)+len(filter)+len(sort)),
		wiremessage.NextRequestID(), 0, wiremessage.OpMsg)
	message = wiremessage.AppendMsgFlags(message, 0)
	message = wiremessage.AppendMsgSectionType(message, wiremessage.SingleDocument)
	command, message := bsoncore.AppendDocumentStart(message)
	message = append(append(message, find...), d.options...)
	message = bsoncore.AppendDocumentElement(message, "filter", filter)
	message = bsoncore.AppendDocumentElement(message, "sort", sort)
	message, _ = bsoncore.AppendDocumentEnd(message, command) // cannot fail: command is within message
	return bsoncore.UpdateLength(message, at, int32(len(message)))
}

// exchange sends a message and returns the document of the answer, or a [driver.Error].
func exchange(ctx context.Context, connection *mnet.Connection, message []byte) (bsoncore.Document, error) {
	err := connection.Write(ctx, message)
	var answer []byte
	if err == nil {
		answer, err = connection.Read(ctx)
	}
	if err != nil {
		return nil, driver.Error{Message: err.Error(), Labels: []string{driver.NetworkError}, Wrapped: err}
	}
	const start = 16 + 4 + 1 // header, flags and the type of the section
	if len(answer) < 16 || !bytes.Equal(answer[8:12], message[4:8]) {
		// The connection is out of step: the next answers would be those of other users.
		return nil, driver.Error{Message: errOutOfStep.Error(), Labels: []string{driver.NetworkError}, Wrapped: topology.ConnectionError{Wrapped: errOutOfStep}}
	}
	if len(answer) < start || binary.LittleEndian.Uint32(answer[12:]) != uint32(wiremessage.OpMsg) || answer[start-1] != 0 {
		return nil, errNotDirect
	}
	reply, _, ok := bsoncore.ReadDocument(answer[start:])
	if !ok {
		return nil, errNotDirect
	}
	if ok, isNumber := reply.Lookup("ok").AsInt64OK(); ok == 1 && isNumber {
		return reply, nil // the usual case, without a look at every value of the documents
	}
	return reply, driver.ExtractErrorFromServerResponse(reply)
}

// publicError returns an error as the driver's operation would: a refusal of the server as
// a [mongo.CommandError].
func publicError(err error) error {
	refusal, ok := errors.AsType[driver.Error](err)
	switch {
	case !ok:
		return err
	case refusal.Wrapped != nil:
		return refusal.Wrapped
	}
	return mongo.CommandError{Code: refusal.Code, Message: refusal.Message, Labels: refusal.Labels, Name: refusal.Name, Wrapped: err, Raw: []byte(refusal.Raw)}
}

// firstBatch returns the documents in the answer to a find, at most two. They alias it.
func firstBatch(reply bsoncore.Document) (docs [][]byte, err error) {
	cursor, _ := reply.Lookup("cursor").DocumentOK()
	batch, ok := cursor.Lookup("firstBatch").ArrayOK()
	if !ok || len(batch) < 5 {
		return nil, errNotDirect
	}
	for rest := batch[4 : len(batch)-1]; len(rest) > 0 && len(docs) < 2; {
		var element bsoncore.Element
		if element, rest, ok = bsoncore.ReadElement(rest); !ok {
			return nil, errNotDirect
		}
		doc, ok := element.Value().DocumentOK()
		if !ok {
			return nil, errNotDirect
		}
		docs = append(docs, doc)
	}
	return docs, nil
}
