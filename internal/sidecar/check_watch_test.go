package sidecar

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// FerretDB has no change streams. Where users can change documents, no login uses a cached
// one.
func TestCheckWatch_WarnsOfCachedDocumentsIfLoginsUseThem(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	at := strings.Replace(withMongoDB, "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50", uri, 1)
	for access, want := range map[string]string{
		"off":         "warn documents.mongodb.watch: ",
		"owner-read":  "warn documents.mongodb.watch: ",
		"owner-write": "ok documents.mongodb.watch: there is no change stream, and none is needed",
	} {
		got := findings(t, map[string]string{"tokengraft.yaml": at + "access: {mode: " + access + "}\n"})
		if n := strings.Count(got, " documents.mongodb.watch: "); n != 1 || !strings.Contains(got, want) {
			t.Errorf("access.mode %s: check found\n%s\nwant %s", access, got, want)
		}
	}
}
