package clientapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// unauthorized is MongoDB's code for a command that the user must not run.
const unauthorized = 13

// noRules refuses every command, as MongoDB would.
type noRules struct{}

// Command implements [hooks.Database].
func (noRules) Command(_ context.Context, database string, command json.RawMessage) (json.RawMessage, error) {
	return json.Marshal(map[string]any{
		"ok": 0, "code": unauthorized, "codeName": "Unauthorized",
		"errmsg": fmt.Sprintf("no rule exists for namespace '%s.%s'", database, collectionOf(command)),
	})
}

// collectionOf returns the collection of a command: the value of its first member.
func collectionOf(command json.RawMessage) string {
	dec := json.NewDecoder(bytes.NewReader(command))
	_, _ = dec.Token() // {
	_, _ = dec.Token() // the name of the command
	value, _ := dec.Token()
	name, _ := value.(string)
	return name
}
