package mongodoc_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest/wiretest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// withSignUps runs a test on a wiretest server without documents, and a cache that
// remembers users without a document as cache.missing_for: auto does.
func withSignUps(t *testing.T, test func(t *testing.T, f *followed, server *wiretest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := wiretest.New()
		f := followServer(t, mongodoc.Options{}, server)
		if err := f.cache.Adjust(cache.Options{MaxBytes: 1 << 20, MissingFor: 5 * time.Second, MissingIfFollowed: true}); err != nil {
			t.Fatal(err)
		}
		test(t, f, server)
	})
}

func TestSignUp_IsVisibleWhenTheStreamShowsIt(t *testing.T) {
	withSignUps(t, func(t *testing.T, f *followed, server *wiretest.Server) {
		f.wantReads(t, 2, "5", "anna")
		f.wantReads(t, 0, "5", "anna", "5", "anna")
		server.Insert(`{"_id":1,"f":5}`)
		synctest.Wait()
		f.wants(t, "5", `{"_id":1,"f":5}`)
		f.wantReads(t, 0, "anna")
	})
}

func TestSignUp_IsVisibleAtOnceWithoutAStream(t *testing.T) {
	withSignUps(t, func(t *testing.T, f *followed, server *wiretest.Server) {
		if err := f.stop(); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		f.wantReads(t, 2, "anna", "anna")
		server.Insert(annaChanged)
		f.wants(t, "anna", annaChanged)
		f.wantReads(t, 0, "anna")
	})
}

// A stream that does not answer cannot show a sign-up. Once it counts as broken, the cache
// forgets who had no document. It does not remember them when the stream resumes.
func TestSignUp_BreakForgetsWhoHadNoDocument(t *testing.T) {
	withSignUps(t, func(t *testing.T, f *followed, server *wiretest.Server) {
		server.PauseStreams()
		time.Sleep(4 * time.Second)
		f.wantReads(t, 1, "anna", "anna")
		server.Insert(annaChanged)
		time.Sleep(3 * time.Second)
		f.wantUp(t, 0)
		f.wants(t, "anna", annaChanged)
		f.wantReads(t, 2, "bert", "bert")
		server.ResumeStreams()
		time.Sleep(20 * time.Second)
		f.wantUp(t, 1)
		f.wantReads(t, 1, "bert", "bert")
	})
}

// Law F3: a change of a document evicts its user, whatever type the id has in the token.
func TestWatch_NumberEvictsBothFormsOfTheID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := wiretest.New()
		f := followServer(t, mongodoc.Options{}, server, `{"_id":1,"f":7.0,"n":1}`)
		lookUp := func(number bool) string {
			now := time.Now()
			doc, err := f.cached.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "7", Number: number}, NotBefore: now.Add(-time.Hour), KeepUntil: now.Add(time.Hour)})
			if err != nil && !errors.Is(err, enrich.ErrNoDocument) {
				t.Fatal(err)
			}
			return string(doc.JSON)
		}
		want := func(when, want string) {
			t.Helper()
			synctest.Wait()
			for _, number := range []bool{false, true} {
				if got := lookUp(number); got != want {
					t.Errorf("%s, a login with the id 7 (number %t) gets %q, want %q", when, number, got, want)
				}
			}
		}
		want("at first", `{"_id":1,"f":7,"n":1}`)
		server.Update("1", `{"n":2}`)
		want("after an update", `{"_id":1,"f":7,"n":2}`)
		server.Update("1", `{"f":8}`)
		want("after the id became another", "")
		server.Replace(`{"_id":1,"f":[9,7]}`)
		want("after a replacement", `{"_id":1,"f":[9,7]}`)
		server.Delete("1")
		want("after the deletion", "")
		server.Insert(`{"_id":2,"f":{"$numberLong":"7"}}`)
		want("after an insertion", `{"_id":2,"f":7}`)
	})
}
