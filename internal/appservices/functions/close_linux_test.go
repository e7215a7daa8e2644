package functions_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/appservices/functions"
)

// A gate is a database that answers its command when answer is closed.
type gate struct{ asked, answer chan struct{} }

func (g gate) Command(context.Context, string, json.RawMessage) (json.RawMessage, error) {
	close(g.asked)
	<-g.answer
	return json.RawMessage(`{"ok":1,"cursor":{"id":{"$numberLong":"0"},"firstBatch":[]}}`), nil
}

func TestClose_WaitsForCalls(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	g := gate{make(chan struct{}), make(chan struct{})}
	app, result := openCalling(t, `exports = () => context.services.get("mongodb-atlas").db("a").collection("b").findOne()`, g)
	<-g.asked
	ended := make(chan error, 1)
	go func() { ended <- app.Close(context.Background()) }()
	for isOpen(t, app) { // until Close has started
	}
	select {
	case err := <-ended:
		t.Errorf("Close returned %v while a call was running", err)
	default:
	}
	close(g.answer)
	if err := <-result; err != nil {
		t.Errorf("the call that was running: got %v, want its result", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Close: got %v, want nil", err)
	}
	wantNothingLeft(t, app)
}

func TestClose_EndsCallsWhenItsContextEnds(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	app, result := openCalling(t, `exports = () => { while (true) {} }`, nil)
	awaitProcessors(t, processes(t)[0])
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := app.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close: got %v, want %v", err, context.DeadlineExceeded)
	}
	if err := <-result; err == nil {
		t.Error("the endless call: got its result, want an error")
	}
	wantNothingLeft(t, app)
}

// openCalling opens an app with one process, and calls its function. It returns the
// channel that gets the error of the call.
func openCalling(t *testing.T, source string, database hooks.Database) (app *functions.App, result chan error) {
	t.Helper()
	app, err := functions.Open(functions.Options{
		Functions: map[string]string{"f": source}, Database: database, Timeout: functions.MaxTimeout, Processes: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	result = make(chan error, 1)
	go func() {
		_, err := app.Call(context.Background(), functions.Call{Function: "f"})
		result <- err
	}()
	return app, result
}

// isOpen reports whether an app takes calls, by a call that does not wait for a process.
func isOpen(t *testing.T, app *functions.App) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := app.Call(ctx, functions.Call{Function: "f"})
	return !errors.Is(err, functions.ErrClosed)
}

// wantNothingLeft checks that a closed app takes no call and has no process.
func wantNothingLeft(t *testing.T, app *functions.App) {
	t.Helper()
	if isOpen(t, app) {
		t.Errorf("a call after Close: want %v", functions.ErrClosed)
	}
	if left := processes(t); len(left) > 0 {
		t.Errorf("the processes %v are left, want none", left)
	}
}
