package clientapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/appservices"
)

// unauthorized is MongoDB's code for a command that the user must not run.
const unauthorized = 13

// A ruledDatabase is what one call may use of the database. For the function, a refusal by
// the rules is like one by MongoDB, so that it can catch it.
type ruledDatabase struct {
	hooks.Database
	refused atomic.Pointer[appservices.Error] // the last refusal
}

// Command implements [hooks.Database].
func (d *ruledDatabase) Command(ctx context.Context, database string, command json.RawMessage) (json.RawMessage, error) {
	reply, err := d.Database.Command(ctx, database, command)
	refused, ok := errors.AsType[*appservices.Error](err)
	if !ok || refused.Status >= http.StatusInternalServerError {
		return reply, err
	}
	d.refused.Store(refused)
	return json.Marshal(map[string]any{"ok": 0, "code": unauthorized, "codeName": refused.Code, "errmsg": refused.Message})
}

// noRules refuses every command.
type noRules struct{}

// Command implements [hooks.Database].
func (noRules) Command(_ context.Context, database string, command json.RawMessage) (json.RawMessage, error) {
	return nil, &appservices.Error{
		Status: http.StatusForbidden, Code: "NoMatchingRuleFound",
		Message: fmt.Sprintf("no rule exists for namespace '%s.%s'", database, collectionOf(command)),
	}
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
