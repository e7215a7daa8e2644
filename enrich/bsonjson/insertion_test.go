package bsonjson_test

import (
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

func TestInsertion_SetsEveryMemberAndTheUserID(t *testing.T) {
	tests := []struct{ name, field, members, want string }{
		{"nothing else", "f", `{}`, `{"$setOnInsert":{"f":"u"}}`},
		{"order of members", "f", `{"z":1,"a":{"b.c":true}}`, `{"$setOnInsert":{"z":1,"a":{"b.c":true},"f":"u"}}`},
		{"member with the name of the field", "f", `{"f":"another","a":1}`, `{"$setOnInsert":{"a":1,"f":"u"}}`},
		{"member that contains the field", "a.f", `{"a":{"f":"another"},"b":1}`, `{"$setOnInsert":{"b":1,"a.f":"u"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			field, err := bsonjson.NewField(tt.field)
			if err != nil {
				t.Fatal(err)
			}
			update, err := field.Insertion(bsonjson.Candidates(enrich.User{ID: "u"}, bsonjson.StringID)[0], []byte(tt.members))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := bson.MarshalExtJSON(bson.Raw(update), false, false); err != nil || string(got) != tt.want {
				t.Errorf("Insertion(%s) = %s, %v; want %s", tt.members, got, err, tt.want)
			}
		})
	}
}

func TestInsertion_ErrorDoesNotQuoteTheDocument(t *testing.T) {
	field, err := bsonjson.NewField("f")
	if err != nil {
		t.Fatal(err)
	}
	id := bsonjson.Candidates(enrich.User{ID: "u"}, bsonjson.StringID)[0]
	for _, members := range []string{`{"secret@example.com":1}`, `{"$secret":1}`, `{"secret":`, `["secret"]`} {
		if update, err := field.Insertion(id, []byte(members)); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("Insertion(%s) = %s, %v; want an error that does not quote the document", members, bson.Raw(update), err)
		}
	}
}
