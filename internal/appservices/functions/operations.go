package functions

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/tokengraft/tokengraft/internal/supervise"
)

// The texts that functions see.
const (
	errNoReply = shown("MongoDB did not answer")
	errTraffic = shown("a function may read and write at most 32 MiB")
)

// operate runs an operation when one of the places is free.
func (w *worker) operate(ctx context.Context, places chan struct{}, operation func()) {
	defer w.pool.calling.Done()
	select {
	case places <- struct{}{}:
	case <-ctx.Done():
		return
	}
	defer func() { <-places }()
	operation()
}

// answer sends the last message about an operation. If the process has ended, so has
// the call. If the call's time has ended, the process gets a cancel message, which says
// why: an error of the operation would look like one that the function threw.
func (w *worker) answer(ctx context.Context, m message, err error) {
	if ctx.Err() != nil {
		return
	}
	m.Fault = failureOf(err)
	_ = w.conn.send(m)
}

// command runs a MongoDB command for the process.
func (w *worker) command(ctx context.Context, m message, open *transactions) {
	reply, err := w.ask(ctx, m.Function, func() ([]byte, error) { return open.run(ctx, m) })
	w.answer(ctx, message{Kind: kindReply, ID: m.ID, payload: reply}, err)
}

// ask asks the database and returns the reply, or an error for the function.
func (w *worker) ask(ctx context.Context, function string, ask func() ([]byte, error)) (reply []byte, err error) {
	reply, err = w.caught(function, ask)
	var known shown
	switch {
	case errors.As(err, &known):
		return nil, known
	case errors.Is(err, supervise.ErrPanic):
		return nil, shown(ErrInternal.Error())
	case err != nil && ctx.Err() == nil:
		w.log.LogAttrs(ctx, slog.LevelWarn, "a MongoDB command of a function failed", slog.String("function", function), slog.Any("error", err))
		return nil, errNoReply
	case err != nil:
		return nil, errNoReply
	case len(reply) > maxTraffic:
		return nil, errTraffic
	}
	return reply, nil
}

func (w *worker) caught(function string, ask func() ([]byte, error)) (reply []byte, err error) {
	defer supervise.Catch(w.log, "a MongoDB command of function "+function, &err)
	return ask()
}

// fetch sends an HTTP request for the process.
func (w *worker) fetch(ctx context.Context, m message) {
	err := w.relay(ctx, m)
	if err != nil && ctx.Err() == nil {
		w.log.LogAttrs(ctx, slog.LevelWarn, "an HTTP request of a function failed", slog.String("function", m.Function),
			slog.String("host", hostOf(m.Request.URL)), slog.Any("error", err))
	}
	var known shown
	if err != nil && !errors.As(err, &known) {
		err = shown("no response")
	}
	w.answer(ctx, message{Kind: kindEnd, ID: m.ID}, err)
}

// relay sends the request, and the response to the process in parts, so that the
// sidecar never has all of the body.
func (w *worker) relay(ctx context.Context, m message) (err error) {
	defer supervise.Catch(w.log, "an HTTP request of function "+m.Function, &err)
	response, err := w.send(ctx, m.Request, m.payload)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	head := &httpResponse{Status: response.Status, StatusCode: response.StatusCode, ContentLength: response.ContentLength, Header: response.Header}
	if err := w.conn.send(message{Kind: kindResponse, ID: m.ID, Response: head}); err != nil {
		return err
	}
	buffer := make([]byte, 32<<10)
	for total := 0; ; {
		n, err := response.Body.Read(buffer)
		if total += n; total > maxBody {
			return shown("the response is larger than 4 MiB")
		}
		if n > 0 {
			if err := w.conn.send(message{Kind: kindChunk, ID: m.ID, payload: buffer[:n]}); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
