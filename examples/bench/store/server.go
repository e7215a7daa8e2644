package main

import (
	"fmt"
	"log"
	"net"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
)

type server struct {
	users, size int
	delay       time.Duration
}

func (s *server) serve(conn net.Conn) {
	defer conn.Close()
	for {
		request, err := readMessage(conn)
		if err != nil {
			return
		}
		reply, err := s.reply(request.command)
		if err != nil {
			log.Print(err)
			return
		}
		if err := request.respond(conn, reply); err != nil {
			return
		}
	}
}

// hello describes a single server that speaks the protocol of MongoDB 7. It has no
// topologyVersion, so drivers poll it instead of holding a connection open for changes.
var hello = bson.D{
	{Key: "ok", Value: 1.0},
	{Key: "isWritablePrimary", Value: true},
	{Key: "helloOk", Value: true},
	{Key: "maxBsonObjectSize", Value: int32(16 << 20)},
	{Key: "maxMessageSizeBytes", Value: int32(48_000_000)},
	{Key: "maxWriteBatchSize", Value: int32(100_000)},
	{Key: "minWireVersion", Value: int32(0)},
	{Key: "maxWireVersion", Value: int32(21)},
	{Key: "logicalSessionTimeoutMinutes", Value: int32(30)},
	{Key: "readOnly", Value: false},
}

func (s *server) reply(command bson.Raw) (any, error) {
	name, err := command.IndexErr(0)
	if err != nil {
		return nil, err
	}
	switch name.Key() {
	case "hello", "isMaster", "ismaster":
		return hello, nil
	case "find":
		time.Sleep(s.delay)
		return s.find(command)
	case "ping", "endSessions":
		return bson.D{{Key: "ok", Value: 1.0}}, nil
	}
	return bson.D{
		{Key: "ok", Value: 0.0},
		{Key: "code", Value: int32(59)},
		{Key: "codeName", Value: "CommandNotFound"},
		{Key: "errmsg", Value: fmt.Sprintf("no such command: %q", name.Key())},
	}, nil
}

// find returns the document of the user in the filter, or none.
func (s *server) find(command bson.Raw) (any, error) {
	found := bson.A{}
	id, _ := command.Lookup("filter", fixture.UserIDField).StringValueOK()
	if user, ok := fixture.UserNumber(id); ok && user < s.users {
		document := bson.D{{Key: "_id", Value: id}}
		var fields bson.D
		if err := bson.UnmarshalExtJSON(fixture.Document(user, s.size), false, &fields); err != nil {
			return nil, err
		}
		found = append(found, append(document, fields...))
	}
	cursor := bson.D{{Key: "firstBatch", Value: found}, {Key: "id", Value: int64(0)}, {Key: "ns", Value: "app.users"}}
	return bson.D{{Key: "cursor", Value: cursor}, {Key: "ok", Value: 1.0}}, nil
}
