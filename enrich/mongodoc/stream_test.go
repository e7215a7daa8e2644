package mongodoc_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest/wiretest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// withTwoUsers runs a test on a wiretest server with two users, anna and bert, who have
// logged in.
func withTwoUsers(t *testing.T, test func(t *testing.T, f *followed, server *wiretest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := wiretest.New()
		f := followServer(t, mongodoc.Options{}, server, `{"_id":1,"f":"anna","n":1}`, bert)
		f.wantUp(t, 1)
		f.reads(t, "anna", "bert")
		test(t, f, server)
	})
}

const annaChanged = `{"_id":1,"f":"anna","n":2}`

func TestStream_ResumeReplaysMissedEvents(t *testing.T) {
	withTwoUsers(t, func(t *testing.T, f *followed, server *wiretest.Server) {
		server.Stop()
		server.Update("1", `{"n":2}`)
		time.Sleep(time.Minute)
		f.wantUp(t, 0)
		f.wantReads(t, 0, "anna", "bert")

		server.Start()
		time.Sleep(20 * time.Second)
		f.wantUp(t, 1)
		f.wantLog(t, 1, "resumed=true")
		f.wantReads(t, 0, "bert")
		f.wants(t, "anna", annaChanged)
	})
}

func TestStream_ShortBreakMissesNothing(t *testing.T) {
	withTwoUsers(t, func(t *testing.T, f *followed, server *wiretest.Server) {
		server.CloseConnections()
		server.Update("1", `{"n":2}`)
		time.Sleep(2 * time.Second)
		f.wantUp(t, 1)
		f.wantReads(t, 0, "bert")
		f.wants(t, "anna", annaChanged)
	})
}

func TestStream_LostHistoryEvictsEverythingReadBefore(t *testing.T) {
	withTwoUsers(t, func(t *testing.T, f *followed, server *wiretest.Server) {
		server.Stop()
		server.Update("1", `{"n":2}`)
		server.ForgetHistory()
		time.Sleep(time.Minute)
		server.Start()
		time.Sleep(13 * time.Second) // one pause of ten seconds for the server, none before the new stream
		f.wantUp(t, 1)
		f.wantLog(t, 1, "ChangeStreamHistoryLost")
		f.wants(t, "anna", annaChanged)
		f.wantReads(t, 1, "bert")

		server.Update("1", `{"n":3}`)
		synctest.Wait()
		f.wants(t, "anna", `{"_id":1,"f":"anna","n":3}`)
	})
}

func TestStream_IsBrokenAfterFiveSecondsWithoutAReply(t *testing.T) {
	withTwoUsers(t, func(t *testing.T, f *followed, server *wiretest.Server) {
		server.PauseStreams()
		time.Sleep(4 * time.Second)
		f.wantUp(t, 1)
		time.Sleep(3 * time.Second)
		f.wantUp(t, 0)
		f.wantLog(t, 1, "no answer for 5s")
		server.Update("1", `{"n":2}`)
		time.Sleep(time.Minute)
		f.wantUp(t, 0)

		server.ResumeStreams()
		time.Sleep(20 * time.Second)
		f.wantUp(t, 1)
		f.wants(t, "anna", annaChanged)
	})
}

func TestStream_ResumeWithoutAReplyStartsOver(t *testing.T) {
	withTwoUsers(t, func(t *testing.T, f *followed, server *wiretest.Server) {
		server.PauseStreams()
		time.Sleep(7 * time.Second)
		f.wantReads(t, 0, "bert")
		time.Sleep(8 * time.Second)
		server.ResumeStreams()
		time.Sleep(10 * time.Second)
		f.wantLog(t, 2, "resumed=false")
		f.wantReads(t, 1, "bert")
	})
}

func TestStream_ContinuesAfterADrop(t *testing.T) {
	withTwoUsers(t, func(t *testing.T, f *followed, server *wiretest.Server) {
		server.Drop()
		time.Sleep(5 * time.Second)
		f.wantUp(t, 1)
		f.wants(t, "anna", "")
		f.wants(t, "bert", "")
		time.Sleep(5 * time.Second)
		f.wantReads(t, 0, "bert")
		server.Insert(annaChanged)
		synctest.Wait()
		f.wants(t, "anna", annaChanged)
		f.wantReads(t, 0, "bert")
	})
}

func TestStream_QuietIsNotBroken(t *testing.T) {
	withTwoUsers(t, func(t *testing.T, f *followed, _ *wiretest.Server) {
		time.Sleep(time.Minute)
		f.wantUp(t, 1)
		f.wantReads(t, 0, "anna", "bert")
		f.wantLog(t, 0, "level=WARN")
	})
}

func TestElection_EvictsWhatMayBeRolledBack(t *testing.T) {
	withTwoUsers(t, func(t *testing.T, f *followed, server *wiretest.Server) {
		server.UpdateAtOneMember("1", `{"n":666}`)
		f.cache.Invalidate("anna")
		f.wants(t, "anna", `{"_id":1,"f":"anna","n":666}`)

		server.ElectPrimary()
		server.UpdateAtOneMember("1", `{"n":2}`) // 666 is rolled back without an event
		time.Sleep(15 * time.Second)             // until the driver notices the election
		f.wants(t, "anna", annaChanged)
		f.wantLog(t, 1, "another server has become the primary")
		f.wantUp(t, 1)
	})
}

func TestElection_DuringABreakEvictsToo(t *testing.T) {
	withTwoUsers(t, func(t *testing.T, f *followed, server *wiretest.Server) {
		server.Stop()
		time.Sleep(time.Minute)
		server.UpdateAtOneMember("1", `{"n":2}`)
		server.ElectPrimary()
		server.Start()
		time.Sleep(20 * time.Second)
		f.wants(t, "anna", annaChanged)
	})
}

func TestStream_EventDiscardsALookupInProgress(t *testing.T) {
	withTwoUsers(t, func(t *testing.T, f *followed, server *wiretest.Server) {
		f.cache.Invalidate("anna")
		server.OnCommand("find", func() {
			server.Update("1", `{"n":2}`)
			time.Sleep(time.Millisecond) // the event arrives before the answer
		})
		f.wants(t, "anna", annaChanged)
		f.wants(t, "anna", annaChanged)
	})
}

func TestStream_RetriesWhenReadingTheNewUserFails(t *testing.T) {
	withTwoUsers(t, func(t *testing.T, f *followed, server *wiretest.Server) {
		f.wants(t, "carl", "")
		server.OnCommand("find", func() { time.Sleep(time.Second) }) // the timeout is 500 ms
		server.Update("1", `{"f":"carl"}`)
		time.Sleep(20 * time.Second)
		f.wantUp(t, 1)
		f.wants(t, "carl", `{"_id":1,"f":"carl","n":1}`)
		f.wantReads(t, 0, "bert")
	})
}

func TestStream_StartEvictsEverythingReadBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := wiretest.New()
		server.FailCommand("aggregate", 262, "ExceededTimeLimit") // the connections stay good
		f := followServer(t, mongodoc.Options{}, server, `{"_id":1,"f":"anna","n":1}`)
		f.reads(t, "anna")
		server.Update("1", `{"n":2}`)
		f.wantUp(t, 0)
		server.FailCommand("aggregate", 0, "")
		time.Sleep(20 * time.Second)
		f.wantUp(t, 1)
		f.wants(t, "anna", annaChanged)
	})
}

func TestWatch_ReportsMissingChangeStreamsOnceAndAsksAgain(t *testing.T) {
	for code, name := range map[int32]string{40573: "Location40573", 115: "CommandNotSupported", 238: "NotImplemented", 13: "Unauthorized"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := wiretest.New()
				server.FailCommand("aggregate", code, name)
				f := followServer(t, mongodoc.Options{}, server, bert)
				time.Sleep(11 * time.Minute) // enough for three attempts
				f.wantUp(t, 0)
				f.wantLog(t, 1, name)
				f.wantLog(t, 0, "level=WARN")
				if err := f.CanWatch(t.Context()); !errors.Is(err, mongodoc.ErrNoChangeStreams) {
					t.Errorf("CanWatch = %v, want %v", err, mongodoc.ErrNoChangeStreams)
				}
				f.wants(t, "bert", bert)

				server.FailCommand("aggregate", 0, "")
				time.Sleep(6 * time.Minute)
				f.wantUp(t, 1)
				if err := f.CanWatch(t.Context()); err != nil {
					t.Errorf("CanWatch = %v, want nil", err)
				}
			})
		})
	}
}

func TestCanWatch_UnreachableServerIsNotErrNoChangeStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := wiretest.New()
		server.Stop()
		f := followServer(t, mongodoc.Options{}, server)
		err := f.CanWatch(t.Context())
		if err == nil || errors.Is(err, mongodoc.ErrNoChangeStreams) {
			t.Errorf("CanWatch = %v, want an error that is not %v", err, mongodoc.ErrNoChangeStreams)
		}
		server.Start()
		time.Sleep(20 * time.Second)
		f.wantUp(t, 1)
	})
}

func TestWatch_EndsWithItsContext(t *testing.T) {
	states := map[string]func(*wiretest.Server){
		"quiet":  func(*wiretest.Server) {},
		"silent": (*wiretest.Server).PauseStreams,
		"broken": (*wiretest.Server).Stop,
	}
	for name, enter := range states {
		t.Run(name, func(t *testing.T) {
			withTwoUsers(t, func(t *testing.T, f *followed, server *wiretest.Server) {
				enter(server)
				time.Sleep(3 * time.Second)
				began := time.Now()
				_ = f.stop() // the bubble fails if a goroutine is left
				if took := time.Since(began); took > time.Second {
					t.Errorf("Watch took %v to end, want at most 1s, to close the stream", took)
				}
				f.wantUp(t, 0)
			})
		})
	}
}
