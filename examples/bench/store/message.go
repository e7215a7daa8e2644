package main

import (
	"encoding/binary"
	"fmt"
	"io"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Operations of the wire protocol.
const (
	opReply = 1    // the response to opQuery
	opQuery = 2004 // the first hello of a driver
	opMsg   = 2013
)

const maxMessage = 1 << 20

// A message is a request: an operation with a command.
type message struct {
	id        uint32
	operation uint32
	command   bson.Raw
}

func readMessage(r io.Reader) (m message, err error) {
	var head [16]byte // length, ID, ID that it responds to, operation
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return m, err
	}
	length := binary.LittleEndian.Uint32(head[0:])
	m.id = binary.LittleEndian.Uint32(head[4:])
	m.operation = binary.LittleEndian.Uint32(head[12:])
	if length < 16 || length > maxMessage {
		return m, fmt.Errorf("a message of %d bytes", length)
	}
	body := make([]byte, length-16)
	if _, err := io.ReadFull(r, body); err != nil {
		return m, err
	}
	m.command, err = commandOf(m.operation, body)
	return m, err
}

// commandOf returns the document with the command.
func commandOf(operation uint32, body []byte) (bson.Raw, error) {
	switch operation {
	case opMsg:
		const start = 4 + 1 // flags, kind of the first section
		if len(body) > start {
			return document(body[start:])
		}
	case opQuery: // flags, a name that ends with 0, skip, limit
		for i := 4; i+9 < len(body); i++ {
			if body[i] == 0 {
				return document(body[i+9:])
			}
		}
	}
	return nil, fmt.Errorf("operation %d of %d bytes", operation, len(body))
}

// document returns the BSON document that a buffer starts with.
func document(body []byte) (bson.Raw, error) {
	if len(body) >= 4 {
		if n := binary.LittleEndian.Uint32(body); n >= 5 && uint64(n) <= uint64(len(body)) {
			return bson.Raw(body[:n]), nil
		}
	}
	return nil, fmt.Errorf("the command does not fit into its message")
}

// respond writes a response in the form of the request.
func (m message) respond(w io.Writer, reply any) error {
	encoded, err := bson.Marshal(reply)
	if err != nil {
		return err
	}
	operation, before := uint32(opMsg), make([]byte, 5) // flags, kind of the section
	if m.operation == opQuery {
		operation, before = opReply, make([]byte, 20) // flags, cursor, start, number of documents
		before[0] = 8                                 // AwaitCapable, which every server sets
		before[16] = 1
	}
	length := 16 + len(before) + len(encoded)
	out := make([]byte, 16, length)
	binary.LittleEndian.PutUint32(out[0:], uint32(length))
	binary.LittleEndian.PutUint32(out[8:], m.id)
	binary.LittleEndian.PutUint32(out[12:], operation)
	_, err = w.Write(append(append(out, before...), encoded...))
	return err
}
