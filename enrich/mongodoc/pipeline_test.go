package mongodoc_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/enrichtest/wiretest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

func TestPipeline_SendsOnlyTheIDsOfAChangedDocument(t *testing.T) {
	projections := map[string]bsonjson.Projection{
		"all": {}, "include": {Include: []string{"lang"}}, "exclude": {Exclude: []string{"ssn", "_id"}},
	}
	for name, projection := range projections {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := wiretest.New()
				followServer(t, mongodoc.Options{Projection: projection, Field: "account.id"}, server)
				const doc = `{"_id":1,"account":{"id":"anna","pin":"secret"},"lang":"secret","ssn":"secret"}`
				server.Insert(doc)
				server.Replace(doc)
				server.Update("1", `{"account":{"id":"anna","pin":"secret"},"lang":"secret"}`)
				server.Delete("1")
				synctest.Wait()
				sent := fmt.Sprint(server.SentEvents())
				if len(server.SentEvents()) != 4 || strings.Count(sent, "anna") != 2 || strings.Contains(sent, "secret") {
					t.Errorf("the server sent %s; want four events, two with the user id, and no other values", sent)
				}
			})
		})
	}
}

func TestPipeline_DropsUpdatesOfExcludedPaths(t *testing.T) {
	tests := map[string]bsonjson.Projection{
		"not included": {Include: []string{"lang", "address.city"}},
		"excluded":     {Exclude: []string{"_id", "ssn", "seen.at"}},
	}
	for name, projection := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := wiretest.New()
				f := followServer(t, mongodoc.Options{Projection: projection}, server, `{"_id":1,"f":"anna","lang":"en"}`)
				f.reads(t, "anna")
				server.Update("1", `{"seen.at":1}`)
				server.Update("1", `{"ssn":"1","seen.at.hour":2}`)
				server.Unset("1", "ssn")
				synctest.Wait()
				f.wantReads(t, 0, "anna")
				if sent := server.SentEvents(); len(sent) != 0 {
					t.Errorf("the server sent %v, want nothing", sent)
				}
				server.Update("1", `{"seen.at":1,"lang":"de"}`)
				synctest.Wait()
				f.wantReads(t, 1, "anna")
			})
		})
	}
}
