package functions_test

import (
	"context"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/appservices/functions"
)

// A caller that leaves just when its call ends must not cancel the call of another.
func TestCall_IsNotCanceledByTheCallerBefore(t *testing.T) {
	app := open(t, `exports = (n) => { for (let end = Date.now() + n; Date.now() < end;); return null }`, func(o *functions.Options) { o.Processes = 1 })
	for i := range 400 {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Millisecond+time.Duration(i%40)*25*time.Microsecond)
		app.Call(ctx, functions.Call{Function: "f", Args: args(`3`)})
		cancel()
		if got, err := call(t, app, `0`); err != nil || got != `null` {
			t.Fatalf("call %d: got %q, %v; want null: the caller before it was gone", i, got, err)
		}
	}
}
