package mongodoc_test

import (
	"bytes"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// A wiretap forwards connections to a server and records the bytes in both directions.
type wiretap struct {
	uri string

	mu       sync.Mutex
	asked    bytes.Buffer
	answered bytes.Buffer
}

func tap(t *testing.T, uri string) *wiretap {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wiretap{uri: "mongodb://" + ln.Addr().String() + "/"}
	relay(t, ln, uri, lockedWriter{w, &w.asked}, lockedWriter{w, &w.answered})
	return w
}

// heard returns the bytes so far.
func (w *wiretap) heard() (asked, answered string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked.String(), w.answered.String()
}

type lockedWriter struct {
	*wiretap
	to *bytes.Buffer
}

func (l lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

// lookUpTwice looks up a user before the source knows the server, through the driver, and
// then without its operation.
func lookUpTwice(t *testing.T, src *mongodoc.Source) {
	t.Helper()
	for range 2 {
		if _, err := src.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "u"}}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLookup_ReadConcernIsLocalOrStronger(t *testing.T) {
	tests := []struct{ options, concern string }{
		{"", "local"},
		{"?readConcernLevel=majority&readPreference=secondary", "local"},
		{"?readConcernLevel=linearizable", "linearizable"},
	}
	uri, _ := enrichtest.StartFerretDB(t)
	users := connect(t, uri, `{"_id":1,"f":"u"}`)
	for _, tt := range tests {
		t.Run(tt.options, func(t *testing.T) {
			wire := tap(t, uri)
			src := open(t, mongodoc.Options{URI: wire.uri + tt.options, Database: users.Database().Name(), Collection: users.Name(), Field: "f", Timeout: 5 * time.Second})
			lookUpTwice(t, src)
			asked, _ := wire.heard()
			if want := "level\x00" + string(rune(len(tt.concern)+1)) + "\x00\x00\x00" + tt.concern; strings.Count(asked, want) != 2 {
				t.Errorf("%d commands have the read concern %s, want both", strings.Count(asked, want), tt.concern)
			}
		})
	}
}

func TestLookup_ExcludedPathsNeverLeaveTheDatabase(t *testing.T) {
	tests := map[string]bsonjson.Projection{
		"exclude": {Exclude: []string{"ssn", "address.street"}},
		"include": {Include: []string{"lang", "address.city"}},
	}
	uri, _ := enrichtest.StartFerretDB(t)
	users := connect(t, uri, `{"_id":1,"f":"u","lang":"en","ssn":"very-secret","address":{"city":"Linz","street":"also-secret"}}`)
	for name, projection := range tests {
		t.Run(name, func(t *testing.T) {
			wire := tap(t, uri)
			src := open(t, mongodoc.Options{URI: wire.uri, Database: users.Database().Name(), Collection: users.Name(), Field: "f", Projection: projection, Timeout: 5 * time.Second})
			lookUpTwice(t, src)
			_, answered := wire.heard()
			if !strings.Contains(answered, "Linz") {
				t.Fatal("the wiretap did not record the answer")
			}
			if strings.Contains(answered, "secret") {
				t.Error("the server sent an excluded path, want it to stay in the database")
			}
		})
	}
}
