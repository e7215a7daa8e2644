//lint:file-ignore SA1019 the driver deprecates OP_QUERY, but still sends hello with it

package wiretest

import (
	"encoding/binary"
	"errors"
	"io"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"
)

// A request is one command as it was received.
type request struct {
	id      int32
	legacy  bool // the first hello of a connection is an OP_QUERY
	command bson.D
}

var errWire = errors.New("the message is not one that this server understands")

// read reads one message.
func read(r io.Reader) (request, error) {
	size := make([]byte, 4)
	if _, err := io.ReadFull(r, size); err != nil {
		return request{}, err
	}
	message := make([]byte, binary.LittleEndian.Uint32(size))
	copy(message, size)
	if _, err := io.ReadFull(r, message[len(size):]); err != nil {
		return request{}, err
	}
	_, id, _, code, body, ok := wiremessage.ReadHeader(message)
	var raw bsoncore.Document
	switch {
	case ok && code == wiremessage.OpMsg:
		raw, ok = messageCommand(body)
	case ok && code == wiremessage.OpQuery:
		raw, ok = queryCommand(body)
	default:
		ok = false
	}
	if !ok {
		return request{}, errWire
	}
	req := request{id: id, legacy: code == wiremessage.OpQuery}
	return req, bson.Unmarshal(raw, &req.command)
}

// messageCommand returns the command of an OP_MSG.
func messageCommand(body []byte) (bsoncore.Document, bool) {
	_, body, ok := wiremessage.ReadMsgFlags(body)
	if !ok {
		return nil, false
	}
	kind, body, ok := wiremessage.ReadMsgSectionType(body)
	if !ok || kind != wiremessage.SingleDocument {
		return nil, false
	}
	command, _, ok := wiremessage.ReadMsgSectionSingleDocument(body)
	return command, ok
}

// queryCommand returns the command of an OP_QUERY.
func queryCommand(body []byte) (bsoncore.Document, bool) {
	_, body, ok := wiremessage.ReadQueryFlags(body)
	if !ok {
		return nil, false
	}
	if _, body, ok = wiremessage.ReadQueryFullCollectionName(body); !ok {
		return nil, false
	}
	if _, body, ok = wiremessage.ReadQueryNumberToSkip(body); !ok {
		return nil, false
	}
	if _, body, ok = wiremessage.ReadQueryNumberToReturn(body); !ok {
		return nil, false
	}
	command, _, ok := wiremessage.ReadQueryQuery(body)
	return command, ok
}

// write sends the answer to a request in the request's protocol.
func write(w io.Writer, to request, answer bson.D) error {
	doc, err := bson.Marshal(answer)
	if err != nil {
		return err
	}
	code := wiremessage.OpMsg
	if to.legacy {
		code = wiremessage.OpReply
	}
	start, message := wiremessage.AppendHeaderStart(nil, wiremessage.NextRequestID(), to.id, code)
	if to.legacy {
		message = wiremessage.AppendReplyFlags(message, 0)
		message = wiremessage.AppendReplyCursorID(message, 0)
		message = wiremessage.AppendReplyStartingFrom(message, 0)
		message = wiremessage.AppendReplyNumberReturned(message, 1)
	} else {
		message = wiremessage.AppendMsgFlags(message, 0)
		message = wiremessage.AppendMsgSectionType(message, wiremessage.SingleDocument)
	}
	message = append(message, doc...)
	message = bsoncore.UpdateLength(message, start, int32(len(message)))
	_, err = w.Write(message)
	return err
}
