package mongodoc_test

import (
	"testing"
	"testing/synctest"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/enrichtest/wiretest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// documents is a collection that tests write to. Documents and ids are MongoDB Extended
// JSON.
type documents interface {
	Insert(document string)
	Update(id, set string)
	Unset(id, name string)
	Replace(document string)
	Delete(id string)
	Drop()
}

// A change is a write to a collection, and the documents that logins get after it.
type change struct {
	name    string
	options mongodoc.Options
	docs    []string
	do      func(documents)
	want    map[string]string // by user; each has logged in before
	kept    []string          // users whose documents are still in the cache
}

var (
	bert    = `{"_id":2,"f":"bert"}`
	changed = []change{
		{
			name: "update", docs: []string{`{"_id":1,"f":"anna","n":1}`, bert},
			do:   func(d documents) { d.Update("1", `{"n":2}`) },
			want: map[string]string{"anna": `{"_id":1,"f":"anna","n":2}`}, kept: []string{"bert"},
		},
		{
			name: "update that removes", docs: []string{`{"_id":1,"f":"anna","n":1}`, bert},
			do:   func(d documents) { d.Unset("1", "n") },
			want: map[string]string{"anna": `{"_id":1,"f":"anna"}`}, kept: []string{"bert"},
		},
		{
			name: "replace", docs: []string{`{"_id":1,"f":"anna","n":1}`, bert},
			do:   func(d documents) { d.Replace(`{"_id":1,"f":"anna","n":2}`) },
			want: map[string]string{"anna": `{"_id":1,"f":"anna","n":2}`}, kept: []string{"bert"},
		},
		{
			name: "delete", docs: []string{`{"_id":{"$oid":"62efedca3587e6e83c0fc675"},"f":"anna"}`, bert},
			do:   func(d documents) { d.Delete(`{"$oid":"62efedca3587e6e83c0fc675"}`) },
			want: map[string]string{"anna": ""}, kept: []string{"bert"},
		},
		{
			name: "insert", docs: []string{bert},
			do:   func(d documents) { d.Insert(`{"_id":1,"f":"anna"}`) },
			want: map[string]string{"anna": `{"_id":1,"f":"anna"}`}, kept: []string{"bert"},
		},
		{
			name: "insert of an ObjectId", docs: []string{bert},
			do:   func(d documents) { d.Insert(`{"_id":1,"f":{"$oid":"62efedca3587e6e83c0fc675"}}`) },
			want: map[string]string{"62efedca3587e6e83c0fc675": `{"_id":1,"f":"62efedca3587e6e83c0fc675"}`}, kept: []string{"bert"},
		},
		{
			name: "insert of a number", options: mongodoc.Options{IDType: bsonjson.IntID},
			do:   func(d documents) { d.Insert(`{"_id":1,"f":5.0}`) },
			want: map[string]string{"5": `{"_id":1,"f":5}`},
		},
		{
			name: "insert of a number for a string", docs: []string{bert},
			do:   func(d documents) { d.Insert(`{"_id":1,"f":5.0}`) },
			want: map[string]string{"5": `{"_id":1,"f":5}`}, kept: []string{"bert"},
		},
		{
			name: "update of a number", docs: []string{`{"_id":1,"f":{"$numberLong":"5"},"n":1}`, bert},
			do:   func(d documents) { d.Update("1", `{"n":2}`) },
			want: map[string]string{"5": `{"_id":1,"f":5,"n":2}`}, kept: []string{"bert"},
		},
		{
			name: "a number becomes a string", docs: []string{`{"_id":1,"f":5}`, `{"_id":6,"f":6}`, bert},
			do:   func(d documents) { d.Update("1", `{"f":"6"}`) },
			want: map[string]string{"5": "", "6": `{"_id":1,"f":"6"}`}, kept: []string{"bert"},
		},
		{
			name: "delete of a string with the digits of a number", docs: []string{`{"_id":1,"f":"5"}`, `{"_id":6,"f":5}`, bert},
			do:   func(d documents) { d.Delete("1") },
			want: map[string]string{"5": `{"_id":6,"f":5}`}, kept: []string{"bert"},
		},
		{
			name: "insert of a UUID", options: mongodoc.Options{IDType: bsonjson.UUID},
			do:   func(d documents) { d.Insert(`{"_id":1,"f":{"$uuid":"73ffd264-44b3-4c69-90e8-e7d1dfc035d4"}}`) },
			want: map[string]string{"73FFD264-44b3-4c69-90e8-e7d1dfc035d4": `{"_id":1,"f":"73ffd264-44b3-4c69-90e8-e7d1dfc035d4"}`},
		},
		{
			name: "insert for two users", docs: []string{bert},
			do:   func(d documents) { d.Insert(`{"_id":1,"f":["anna","carl"]}`) },
			want: map[string]string{"anna": `{"_id":1,"f":["anna","carl"]}`, "carl": `{"_id":1,"f":["anna","carl"]}`}, kept: []string{"bert"},
		},
		{
			name: "other user by update", docs: []string{`{"_id":1,"f":"anna"}`, bert},
			do:   func(d documents) { d.Update("1", `{"f":"carl"}`) },
			want: map[string]string{"anna": "", "carl": `{"_id":1,"f":"carl"}`}, kept: []string{"bert"},
		},
		{
			name: "other user by replace", docs: []string{`{"_id":1,"f":"anna"}`, bert},
			do:   func(d documents) { d.Replace(`{"_id":1,"f":"carl"}`) },
			want: map[string]string{"anna": "", "carl": `{"_id":1,"f":"carl"}`}, kept: []string{"bert"},
		},
		{
			name: "other user by update of a dotted name", options: mongodoc.Options{Field: "account.id"},
			docs: []string{`{"_id":1,"account":{"id":"anna"}}`},
			do:   func(d documents) { d.Update("1", `{"account.id":"carl"}`) },
			want: map[string]string{"anna": "", "carl": `{"_id":1,"account":{"id":"carl"}}`},
		},
		{
			name: "other user by update of the object around the field", options: mongodoc.Options{Field: "account.id"},
			docs: []string{`{"_id":1,"account":{"id":"anna"}}`},
			do:   func(d documents) { d.Update("1", `{"account":{"id":"carl"}}`) },
			want: map[string]string{"anna": "", "carl": `{"_id":1,"account":{"id":"carl"}}`},
		},
		{
			name: "no user by update", docs: []string{`{"_id":1,"f":"anna"}`, bert},
			do:   func(d documents) { d.Unset("1", "f") },
			want: map[string]string{"anna": ""}, kept: []string{"bert"},
		},
		{
			name: "kept by the projection", docs: []string{`{"_id":1,"f":"anna","n":1}`},
			options: mongodoc.Options{Projection: bsonjson.Projection{Include: []string{"n.m"}}},
			do:      func(d documents) { d.Update("1", `{"n":{"m":2}}`) },
			want:    map[string]string{"anna": `{"n":{"m":2}}`},
		},
		{
			name: "not excluded by the projection", docs: []string{`{"_id":1,"f":"anna","n":{"m":1,"x":1}}`},
			options: mongodoc.Options{Projection: bsonjson.Projection{Exclude: []string{"n.x", "_id"}}},
			do:      func(d documents) { d.Update("1", `{"n.m":2}`) },
			want:    map[string]string{"anna": `{"f":"anna","n":{"m":2}}`},
		},
		{
			name: "removal of a path that the projection keeps", docs: []string{`{"_id":1,"f":"anna","n":1}`},
			options: mongodoc.Options{Projection: bsonjson.Projection{Include: []string{"n"}}},
			do:      func(d documents) { d.Unset("1", "n") },
			want:    map[string]string{"anna": `{}`},
		},
		{
			name: "other user, id not included", docs: []string{`{"_id":1,"f":"anna","n":1}`},
			options: mongodoc.Options{Projection: bsonjson.Projection{Include: []string{"n"}}},
			do:      func(d documents) { d.Update("1", `{"f":"carl"}`) },
			want:    map[string]string{"anna": "", "carl": `{"n":1}`},
		},
		{
			name: "other user, id excluded", docs: []string{`{"_id":1,"f":"anna","n":1,"x":1}`},
			options: mongodoc.Options{Projection: bsonjson.Projection{Exclude: []string{"_id", "f", "x"}}},
			do:      func(d documents) { d.Update("1", `{"f":"carl"}`) },
			want:    map[string]string{"anna": "", "carl": `{"n":1}`},
		},
		{
			name: "drop", docs: []string{`{"_id":1,"f":"anna"}`, bert},
			do:   func(d documents) { d.Drop() },
			want: map[string]string{"anna": "", "bert": ""},
		},
	}
)

// check makes the change and checks that the next logins get it.
func (c change) check(t *testing.T, f *followed, d documents, wait func()) {
	for id := range c.want {
		f.login(t, id)
	}
	f.reads(t, c.kept...)
	c.do(d)
	wait()
	for id, want := range c.want {
		f.wants(t, id, want)
	}
	f.wantReads(t, 0, c.kept...)
	for id := range c.want {
		f.wantReads(t, 0, id)
	}
}

func TestWatch_ChangeIsInTheNextLogin(t *testing.T) {
	for _, tt := range changed {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := wiretest.New()
				f := followServer(t, tt.options, server, tt.docs...)
				tt.check(t, f, server, synctest.Wait)
			})
		})
	}
}
