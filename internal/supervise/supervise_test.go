package supervise_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tokengraft/tokengraft/internal/supervise"
)

func TestRun_RestartsATaskThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		runs := 0
		supervise.Run(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), "keys", func(context.Context) {
			if runs++; runs < 3 {
				panic("hush")
			}
		})
		if runs != 3 {
			t.Errorf("a task that panics twice ran %d times, want 3: again after each panic, and never after it returned", runs)
		}
		if strings.Count(log.String(), "task=keys") != 2 || strings.Contains(log.String(), "hush") {
			t.Errorf("log:\n%s\nwant two lines with task=keys, without the value of the panic", log.String())
		}
	})
}

func TestRun_EndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		runs := 0
		supervise.Run(ctx, slog.New(slog.DiscardHandler), "keys", func(context.Context) {
			if runs++; runs == 2 {
				cancel()
			}
			panic("hush")
		})
		if runs != 2 {
			t.Errorf("the task ran %d times, want 2: it must not restart after the context has ended", runs)
		}
	})
}

func TestCatch_ReturnsAnErrorForAPanic(t *testing.T) {
	for name, test := range map[string]struct {
		do   func()
		want error
	}{
		"panic":    {func() { panic("hush") }, supervise.ErrPanic},
		"no panic": {func() {}, nil},
	} {
		task := func() (err error) {
			defer supervise.Catch(slog.New(slog.DiscardHandler), "task", &err)
			test.do()
			return nil
		}
		if got := task(); got != test.want {
			t.Errorf("%s: the task returned %v, want %v", name, got, test.want)
		}
	}
}
