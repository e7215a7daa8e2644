package sidecar

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/breaker"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// A nearSource is a source without documents, where every user has a near miss.
type nearSource struct {
	fakeSource
	queries  int
	slow     time.Duration
	err      error
	notFound bool
}

func (s *nearSource) Lookup(context.Context, enrich.Query) (enrich.Document, error) {
	if s.err != nil {
		return enrich.Document{}, s.err
	}
	return enrich.Document{}, enrich.ErrNoDocument
}

func (s *nearSource) NearMiss(context.Context, enrich.User) (bsonjson.NearMiss, bool, error) {
	s.queries++
	time.Sleep(s.slow)
	return bsonjson.NearMiss{Found: bsonjson.IntID, Use: bsonjson.AutoID}, !s.notFound, nil
}

// withNearMisses runs a test on running documents, and returns what they log.
func withNearMisses(t *testing.T, source *nearSource, test func(d *documents)) string {
	t.Helper()
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		logger := slog.New(slog.NewTextHandler(&log, nil))
		d := &documents{source: source, uses: newRefcount(), logger: logger}
		cfg := config.Default()
		cfg.Documents.UserIDField = "account.id"
		d.near = newNearMisses(d, cfg)
		var err error
		if d.breaker, err = breaker.New(breaker.Options{Source: source}); err != nil {
			t.Fatal(err)
		}
		running := make(chan struct{})
		go func() { defer close(running); d.run(ctx) }()
		synctest.Wait()
		test(d)
		stop()
		<-running
	})
	return log.String()
}

func logIn(t *testing.T, d *documents) {
	t.Helper()
	began := time.Now()
	if _, err := d.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "secret-user"}}); err == nil {
		t.Error("Lookup has no error, want one")
	}
	if took := time.Since(began); took > 0 {
		t.Errorf("Lookup took %v, want no time", took)
	}
}

func TestNearMisses_WarnAtMostOnceInAMinute(t *testing.T) {
	source := &nearSource{slow: time.Second}
	log := withNearMisses(t, source, func(d *documents) {
		for range 200 { // 100 seconds
			logIn(t, d)
			time.Sleep(500 * time.Millisecond)
		}
	})
	if n := strings.Count(log, "level=WARN"); n != 2 || source.queries != 2 {
		t.Errorf("%d warnings and %d queries in 100 seconds, want 2 of both:\n%s", n, source.queries, log)
	}
	for _, want := range []string{"claim=sub", "field=account.id", "in_token=string", "in_document=int", "user_id_type: auto"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log is\n%s\nwant %q in it", log, want)
		}
	}
	if strings.Contains(log, "secret") {
		t.Errorf("the log contains the user id, want it without:\n%s", log)
	}
}

func TestNearMisses_AreSilentAboutOthers(t *testing.T) {
	source := &nearSource{notFound: true}
	log := withNearMisses(t, source, func(d *documents) { logIn(t, d); synctest.Wait() })
	if log != "" || source.queries != 1 {
		t.Errorf("%d queries and the log %q for a user without a near miss, want 1 and nothing", source.queries, log)
	}
}

// A source that fails is not asked for near misses.
func TestNearMisses_DoNotAskAFailingSource(t *testing.T) {
	source := &nearSource{err: errors.New("no answer")}
	log := withNearMisses(t, source, func(d *documents) {
		for range 5 {
			logIn(t, d)
			synctest.Wait()
		}
		d.near.offer(enrich.User{ID: "anna"}) // of a read that began before
		synctest.Wait()
	})
	if source.queries != 0 {
		t.Errorf("%d queries while the source fails, want none:\n%s", source.queries, log)
	}
}

// An emptySource is a collection that does not exist.
type emptySource struct{ nearSource }

func (*emptySource) Missing(context.Context) (string, error) {
	return "the collection does not exist", nil
}

// With user_creation, a collection is empty at first.
func TestNearMisses_SayOnceThatThereAreNoDocuments(t *testing.T) {
	for creation, want := range map[string]int{"": 1, "new.json": 0} {
		var log bytes.Buffer
		cfg := config.Default()
		cfg.UserCreation.Document = config.Path(creation)
		d := &documents{source: &emptySource{nearSource{notFound: true}}, logger: slog.New(slog.NewTextHandler(&log, nil))}
		n := newNearMisses(d, cfg)
		for range 3 {
			n.warn(t.Context(), enrich.User{ID: "secret-user"})
		}
		if got := strings.Count(log.String(), "the collection does not exist"); got != want || strings.Contains(log.String(), "secret-user") {
			t.Errorf("with user_creation %q the log is\n%s\nwant %d warnings and no user", creation, &log, want)
		}
	}
}
