package bsonjson_test

import (
	"slices"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

func TestChange_NamesTheDocumentAndEveryUserInTheEvent(t *testing.T) {
	const id = `{"$numberInt":"1"}`
	tests := []struct {
		name, event string
		tags        []string // nil if the event is not about one document
		moved       bool
	}{
		{"insert", `{"operationType":"insert","documentKey":{"_id":1},"fullDocument":{"a":{"f":"anna"}},"moved":true}`, []string{"anna", id}, false},
		{"replace, three users", `{"operationType":"replace","documentKey":{"_id":1},"fullDocument":{"a":[{"f":"anna"},{"f":["bert","carl"]}]}}`, []string{"anna", "bert", "carl", id}, false},
		{"ObjectId", `{"operationType":"insert","documentKey":{"_id":1},"fullDocument":{"a":{"f":{"$oid":"62EFEDCA3587e6e83c0fc675"}}}}`, []string{"62efedca3587e6e83c0fc675", id}, false},
		{"UUID", `{"operationType":"insert","documentKey":{"_id":1},"fullDocument":{"a":{"f":{"$uuid":"73ffd264-44b3-4c69-90e8-e7d1dfc035d4"}}}}`, []string{"73ffd264-44b3-4c69-90e8-e7d1dfc035d4", id}, false},
		{"numbers", `{"operationType":"insert","documentKey":{"_id":1},"fullDocument":{"a":{"f":[7,{"$numberLong":"9007199254740993"},-1.0,1.5]}}}`, []string{"7", "9007199254740993", "-1", id}, false},
		{"insert without a user", `{"operationType":"insert","documentKey":{"_id":1},"fullDocument":{}}`, []string{id}, false},
		{"update", `{"operationType":"update","documentKey":{"_id":1},"moved":false}`, []string{id}, false},
		{"update of the user-id field", `{"operationType":"update","documentKey":{"_id":1},"moved":true}`, []string{id}, true},
		{"delete", `{"operationType":"delete","documentKey":{"_id":{"$oid":"62efedca3587e6e83c0fc675"}},"moved":true}`, []string{`{"$oid":"62efedca3587e6e83c0fc675"}`}, false},
		{"drop", `{"operationType":"drop"}`, nil, false},
		{"rename", `{"operationType":"rename"}`, nil, false},
		{"invalidate", `{"operationType":"invalidate"}`, nil, false},
		{"event of a later MongoDB version", `{"operationType":"shardCollection","documentKey":{"_id":1}}`, nil, false},
		{"without a document", `{"operationType":"update"}`, nil, false},
		{"without an operation", `{"documentKey":{"_id":1}}`, nil, false},
	}
	field, err := bsonjson.NewField("a.f")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			event, err := bsonjson.Parse([]byte(tt.event))
			if err != nil {
				t.Fatal(err)
			}
			got, ok := field.Change(event)
			if ok != (tt.tags != nil) || !slices.Equal(got.Tags, tt.tags) || got.UserIDChanged != tt.moved {
				t.Errorf("Change(%s) = %+v, %v; want tags %q, moved %v", tt.event, got, ok, tt.tags, tt.moved)
			}
			if got, ok := field.Change(event[:len(event)-1]); ok {
				t.Errorf("Change of a truncated event = %+v, true; want false", got)
			}
		})
	}
}

// FuzzChange_NamesTheDocument checks that the tags of a change contain the document's ID.
func FuzzChange_NamesTheDocument(f *testing.F) {
	for _, event := range []string{
		`{"operationType":"insert","documentKey":{"_id":1},"fullDocument":{"f":["anna",5]}}`,
		`{"operationType":"update","documentKey":{"_id":{"a":[1]}},"moved":true}`,
	} {
		raw, err := bsonjson.Parse([]byte(event))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	field, err := bsonjson.NewField("f")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		c, ok := field.Change(event)
		if ok && (len(c.Tags) == 0 || bsonjson.DocumentID(c.Document) != c.Tags[len(c.Tags)-1]) {
			t.Errorf("Change(%x) = %+v, want the document's ID as the last tag", event, c)
		}
	})
}
