package mongodoc_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest/wiretest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// overloaded is an error code after which the driver would repeat the command until a
// deadline.
const overloaded = 262

var anna = enrich.User{ID: "anna"}

// scripted opens a source at a wiretest server. It runs in a bubble.
func scripted(t *testing.T, server *wiretest.Server, o mongodoc.Options) *mongodoc.Source {
	t.Helper()
	t.Cleanup(server.Close)
	if o.URI == "" {
		o.URI = wiretest.URI
	}
	o.Database, o.Collection, o.Field = "d", "c", "f"
	return open(t, o.Through(server))
}

func TestRetryOnce_AsksTheServerAtMostTwice(t *testing.T) {
	asks := map[string]func(context.Context, *mongodoc.Source) error{
		"Lookup": func(ctx context.Context, s *mongodoc.Source) error {
			_, err := s.Lookup(ctx, enrich.Query{User: anna})
			return err
		},
		"Insert": func(ctx context.Context, s *mongodoc.Source) error {
			return s.Insert(ctx, anna, []byte(`{}`))
		},
		"IsCreated":   func(ctx context.Context, s *mongodoc.Source) error { _, err := s.IsCreated(ctx, anna); return err },
		"Inspect":     func(ctx context.Context, s *mongodoc.Source) error { _, err := s.Inspect(ctx); return err },
		"CheckUnique": func(ctx context.Context, s *mongodoc.Source) error { return s.CheckUnique(ctx) },
		"CanWatch":    func(ctx context.Context, s *mongodoc.Source) error { return s.CanWatch(ctx) },
	}
	for name, ask := range asks {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := wiretest.New()
				commands := []string{"find", "update", "aggregate", "listIndexes"}
				for _, command := range commands {
					server.FailCommand(command, overloaded, "ExceededTimeLimit", "RetryableWriteError")
				}
				source := scripted(t, server, mongodoc.Options{URI: wiretest.URI + "&timeoutMS=900&retryReads=true&retryWrites=true"})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := ask(ctx, source); err == nil {
					t.Error("the operation has no error, want one")
				}
				asked := 0
				for _, command := range commands {
					asked += server.CommandCount(command)
				}
				if asked == 0 || asked > 2 {
					t.Errorf("the server was asked %d times, want once or twice", asked)
				}
			})
		})
	}
}

// The first lookup after a restart of MongoDB finds dead connections.
func TestLookup_SurvivesABrokenConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := wiretest.New()
		server.Insert(bert)
		source := scripted(t, server, mongodoc.Options{Timeout: 5 * time.Second})
		for range 3 {
			if got := lookUp(t, source, enrich.User{ID: "bert"}); got != bert {
				t.Errorf("Lookup(bert) = %s, want %s", got, bert)
			}
			server.CloseConnections()
		}
	})
}

func TestStream_PausesAfterARefusedResume(t *testing.T) {
	withTwoUsers(t, func(t *testing.T, f *followed, server *wiretest.Server) {
		before := server.CommandCount("aggregate")
		server.FailCommand("aggregate", overloaded, "ExceededTimeLimit", "ResumableChangeStreamError")
		server.CloseConnections()
		time.Sleep(10 * time.Second)
		if asked := server.CommandCount("aggregate") - before; asked < 2 || asked > 20 {
			t.Errorf("the stream was opened %d times in ten seconds, want 2 to 20", asked)
		}
		server.FailCommand("aggregate", 0, "")
		time.Sleep(20 * time.Second)
		f.wantUp(t, 1)
		f.wantReads(t, 0, "bert")
	})
}

// The server may need longer than we wait to search its history.
func TestStream_GivesUpAResumeThatDoesNotOpen(t *testing.T) {
	withTwoUsers(t, func(t *testing.T, f *followed, server *wiretest.Server) {
		hangs := make(chan struct{})
		t.Cleanup(func() { close(hangs) })
		server.Stop()
		time.Sleep(10 * time.Second)
		server.OnCommand("aggregate", func() { <-hangs })
		server.Start()
		time.Sleep(20 * time.Second)
		f.wantUp(t, 1)
		f.wantLog(t, 2, "resumed=false")
	})
}

func TestWatch_EndsWhileItsStreamDoesNotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := wiretest.New()
		hangs := make(chan struct{})
		server.OnCommand("aggregate", func() { <-hangs })
		f := followServer(t, mongodoc.Options{}, server)
		t.Cleanup(func() { close(hangs) })
		time.Sleep(10 * time.Second)
		began := time.Now()
		_ = f.stop()
		if took := time.Since(began); took > time.Second {
			t.Errorf("Watch took %v to end, want at most 1s", took)
		}
	})
}

// A refusal may quote the query, with the id of the user. Only its code is repeated.
func TestLookup_RefusalIsNotQuoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := wiretest.New()
		server.Insert(bert)
		source := scripted(t, server, mongodoc.Options{})
		lookUp(t, source, enrich.User{ID: "bert"}) // from now on the source knows the primary
		server.FailCommand("find", overloaded, "ExceededTimeLimit")
		_, err := source.Lookup(t.Context(), enrich.Query{User: anna})
		if err == nil || strings.Contains(err.Error(), "secret-user") || !strings.Contains(err.Error(), "ExceededTimeLimit (code 262)") {
			t.Errorf("Lookup = %v, want only the name and the code of the refusal", err)
		}
	})
}

func TestLookup_TimeoutSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := wiretest.New()
		source := scripted(t, server, mongodoc.Options{})
		hangs := make(chan struct{})
		t.Cleanup(func() { close(hangs) })
		server.OnCommand("find", func() { <-hangs })
		began := time.Now()
		_, err := source.Lookup(t.Context(), enrich.Query{User: anna})
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != 500*time.Millisecond {
			t.Errorf("Lookup = %v after %v, want %v after 500ms", err, took, context.DeadlineExceeded)
		}
	})
}
