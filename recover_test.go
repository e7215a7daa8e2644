package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
)

// What is followed goes on being followed, and the log says that it broke.
func TestATaskThatPanicsIsBegunAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		runs := 0
		persist(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), "keys", func(context.Context) {
			if runs++; runs < 3 {
				panic("hush")
			}
		})
		if runs != 3 {
			t.Errorf("run %d times, want three: after each panic anew, and no more once it ends", runs)
		}
		if strings.Count(log.String(), "what=keys") != 2 || strings.Contains(log.String(), "hush") {
			t.Errorf("the log is %s", log.String())
		}
	})
}
