package filedoc_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// invalidations counts the calls of InvalidateAll.
type invalidations struct{ all int }

func (*invalidations) Invalidate(tags ...string) {}
func (i *invalidations) InvalidateAll()          { i.all++ }

func TestWatch_InvalidatesWhenTheContentChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, path, _ := open(t, `{"f":"u","n":1}`)
		var got invalidations
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { src.Watch(ctx, &got); close(ended) }()
		for _, step := range []struct {
			content string
			all     int
		}{
			{`{"f":"u","n":1}`, 0}, // written again with the same content
			{`{"f":"u","n":20}`, 1},
			{`{"f":"u", broken`, 1}, // the last good content stays in use
			{`{"f":"u","n":20}`, 1},
			{`[]`, 2},
		} {
			write(t, path, step.content)
			time.Sleep(3 * time.Second)
			synctest.Wait()
			if got.all != step.all {
				t.Errorf("after %s: InvalidateAll called %d times, want %d", step.content, got.all, step.all)
			}
		}
		cancel()
		<-ended
	})
}
