package functions

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// A kind says what a message between the sidecar and a process means.
type kind string

const (
	// To the process.
	kindSetup    kind = "setup"    // Setup; the first message
	kindCall     kind = "call"     // Call, with an ID of its own
	kindCancel   kind = "cancel"   // Cause: the call ID must stop
	kindReply    kind = "reply"    // of MongoDB to the command ID, or Fault
	kindResponse kind = "response" // Response: the head of an HTTP response to the request ID
	kindChunk    kind = "chunk"    // a part of its body
	kindEnd      kind = "end"      // the end of its body, or Fault
	kindInspect  kind = "inspect"  // Inspection; the only message, instead of Setup
	// From the process.
	kindReady   kind = "ready"   // or Fault
	kindCommand kind = "command" // a MongoDB command for Database
	kindStep    kind = "step"    // Step of a transaction
	kindRequest kind = "request" // Request: an HTTP request
	kindLog     kind = "log"     // Line
	kindResult  kind = "result"  // of the call or the inspection, or Fault
)

// A step is what happens to a transaction.
type step string

const (
	stepBegin  step = "begin"
	stepCommit step = "commit"
	stepAbort  step = "abort"
)

// A message is one frame on the pipes between the sidecar and a process. The payload
// is not a part of the JSON, so that large values are not encoded twice.
type message struct {
	Kind       kind        `json:"kind"`
	ID         int64       `json:"id,omitempty"`
	Setup      *setup      `json:"setup,omitempty"`
	Call       *Call       `json:"call,omitempty"`
	Inspection *Inspection `json:"inspection,omitempty"`
	Debug      bool        `json:"debug,omitempty"` // the call's console is logged
	Cause      cause       `json:"cause,omitempty"`
	Function   string      `json:"function,omitempty"`
	Database   string      `json:"database,omitempty"`
	Step       step        `json:"step,omitempty"`
	// Transaction is the transaction of a step or a command. The process numbers those
	// of a call from 1; 0 means none.
	Transaction int64         `json:"transaction,omitempty"`
	Request     *httpRequest  `json:"request,omitempty"`
	Response    *httpResponse `json:"response,omitempty"`
	Line        *line         `json:"line,omitempty"`
	Fault       *failure      `json:"fault,omitempty"`
	// Processors is how long the process has used processors since its start.
	Processors time.Duration `json:"processors,omitempty"`

	payload []byte
	size    int // of a message that was received, in bytes
}

// A setup is all that a process needs for calls.
type setup struct {
	Sources     map[string]string
	Values      map[string]json.RawMessage
	Tag         string
	Environment map[string]json.RawMessage
	App         json.RawMessage
	Services    []string
	HasDatabase bool
	Hosts       []string
	Memory      int64
}

type httpRequest struct {
	Method, URL string
	Header      http.Header
	Follow      bool // redirects
}

type httpResponse struct {
	Status        string
	StatusCode    int
	ContentLength int64
	Header        http.Header
}

// A line is a line for the log.
type line struct {
	Level   slog.Level
	Message string
	Attrs   []attr
}

type attr struct {
	Name, Text string
	Number     *int64 // instead of Text
}

const (
	// maxHead bounds the JSON of a message from a process, and maxPayload the bytes
	// after it.
	maxHead    = 1 << 20
	maxPayload = maxTraffic + maxHead
	// maxLoad bounds both in messages to a process. A setup has all sources, and a
	// call the user's document.
	maxLoad = 256 << 20
)

var errProtocol = errors.New("a message is invalid or too large")

// A conn sends and receives messages. Any goroutine may send; only one may receive.
type conn struct {
	out     io.Writer
	sending sync.Mutex
	maxSend int
	in      *bufio.Reader
	maxHead int
	maxBody int
}

func (c *conn) send(m message) error {
	head, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if len(head) > c.maxSend || len(m.payload) > maxLoad {
		return errProtocol
	}
	frame := binary.BigEndian.AppendUint32(make([]byte, 0, 8+len(head)), uint32(len(head)))
	frame = append(binary.BigEndian.AppendUint32(frame, uint32(len(m.payload))), head...)
	c.sending.Lock()
	defer c.sending.Unlock()
	if _, err = c.out.Write(frame); err == nil && len(m.payload) > 0 {
		_, err = c.out.Write(m.payload)
	}
	return err
}

func (c *conn) receive() (m message, err error) {
	var sizes [8]byte
	if _, err := io.ReadFull(c.in, sizes[:]); err != nil {
		return m, err
	}
	head, body := binary.BigEndian.Uint32(sizes[:4]), binary.BigEndian.Uint32(sizes[4:])
	if head > uint32(c.maxHead) || body > uint32(c.maxBody) {
		return m, errProtocol
	}
	text := make([]byte, head)
	if _, err := io.ReadFull(c.in, text); err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, errProtocol
	}
	m.payload, m.size = make([]byte, body), int(head)+int(body)
	_, err = io.ReadFull(c.in, m.payload)
	return m, err
}
