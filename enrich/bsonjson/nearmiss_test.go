package bsonjson_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

func TestNearMiss_NamesTheTypeAndWhatToSet(t *testing.T) {
	const none = "none"
	for _, tt := range []struct {
		typ   bsonjson.UserIDType
		user  enrich.User
		value string // the key in values
		want  string // type in the document, and what to set
	}{
		{bsonjson.StringID, enrich.User{ID: "5"}, "int32 5", "int auto"},
		{bsonjson.StringID, enrich.User{ID: hexID}, "ObjectId", "objectId auto"},
		{bsonjson.ObjectID, enrich.User{ID: hexID}, "string hex", "string auto"},
		{bsonjson.IntID, enrich.User{ID: "5"}, "string 5", "string auto"},
		{bsonjson.IntID, enrich.User{ID: "05"}, "string 05", "string auto"},
		{bsonjson.AutoID, enrich.User{ID: "5", Number: true}, "string 5", "string string"},
		{bsonjson.IntID, enrich.User{ID: "5", Number: true}, "string 5", "string string"},
		{bsonjson.StringID, enrich.User{ID: "5", Number: true}, "double 5", "int auto"},
		{bsonjson.AutoID, enrich.User{ID: uuidID}, "uuid", "uuid uuid"},
		{bsonjson.AutoID, enrich.User{ID: strings.ToUpper(uuidID)}, "uuid", "uuid uuid"},
		{bsonjson.UUID, enrich.User{ID: strings.ToUpper(uuidID)}, "string uuid", "string "},
		{bsonjson.AutoID, enrich.User{ID: strings.ToUpper(uuidID)}, "string uuid", "string "},
		{bsonjson.AutoID, enrich.User{ID: strings.ToUpper(hexID)}, "string hex", "string "},
		{bsonjson.StringID, enrich.User{ID: strings.ToUpper(hexID)}, "ObjectId", "objectId auto"},
		{bsonjson.AutoID, enrich.User{ID: " 5"}, "string 5", "string "},
		{bsonjson.AutoID, enrich.User{ID: "5 "}, "int64 5", "int "},
		{bsonjson.AutoID, enrich.User{ID: "05"}, "decimal 5", "int "},
		{bsonjson.AutoID, enrich.User{ID: "+5"}, "string 5", "string "},
		{bsonjson.AutoID, enrich.User{ID: "5\n"}, "string 5", "string "},

		{bsonjson.AutoID, enrich.User{ID: "5"}, "string 5", none}, // these match
		{bsonjson.AutoID, enrich.User{ID: "5"}, "int32 5", none},
		{bsonjson.AutoID, enrich.User{ID: "5"}, "string 05", none},
		{bsonjson.AutoID, enrich.User{ID: "5"}, "double 5.5", none},
		{bsonjson.AutoID, enrich.User{ID: "6"}, "int32 5", none},
		{bsonjson.AutoID, enrich.User{ID: uuidID}, "old uuid", none},
		{bsonjson.StringID, enrich.User{}, "empty string", none},
		{bsonjson.StringID, enrich.User{ID: " "}, "string 5", none},
	} {
		mapping, err := bsonjson.NewMapping("f", tt.typ, "", bsonjson.Projection{})
		if err != nil {
			t.Fatal(err)
		}
		got := none
		if near, ok := mapping.NearMiss(tt.user, marshal(t, bson.D{{Key: "f", Value: values(t)[tt.value]}})); ok {
			got = fmt.Sprintf("%s %s", near.Found, near.Use)
		}
		if got != tt.want {
			t.Errorf("NearMiss of %q (number %v) with type %s and %s in the document = %q, want %q", tt.user.ID, tt.user.Number, tt.typ, tt.value, got, tt.want)
		}
	}
}

// A near miss is a warning only if the document is not that of the user.
func FuzzNearIDs_AreNoCandidates(f *testing.F) {
	for _, id := range []string{"5", " 5 ", "05", hexID, uuidID, "Anna", "", " "} {
		f.Add(id, false)
	}
	f.Fuzz(func(t *testing.T, id string, number bool) {
		for _, typ := range []bsonjson.UserIDType{bsonjson.AutoID, bsonjson.StringID, bsonjson.ObjectID, bsonjson.IntID, bsonjson.UUID} {
			mapping, err := bsonjson.NewMapping("f", typ, "", bsonjson.Projection{})
			if err != nil {
				t.Fatal(err)
			}
			user := enrich.User{ID: id, Number: number}
			near := mapping.NearIDs(user)
			if len(near) > 12 {
				t.Errorf("NearIDs(%q) has %d ids, want at most 12", id, len(near))
			}
			for _, candidate := range mapping.Candidates(user) {
				for _, id := range near {
					if id == candidate {
						t.Errorf("NearIDs(%q) with type %s has a candidate of the user, want none", user.ID, typ)
					}
				}
			}
		}
	})
}

func TestCountTypes_NamesEachType(t *testing.T) {
	field, err := bsonjson.NewField("a.f")
	if err != nil {
		t.Fatal(err)
	}
	var docs [][]byte
	for _, value := range values(t) {
		docs = append(docs, marshal(t, bson.D{{Key: "a", Value: bson.D{{Key: "f", Value: value}}}}))
	}
	docs = append(docs, marshal(t, bson.D{}), marshal(t, bson.D{{Key: "a", Value: 1}}), []byte("no document"))
	got := field.CountTypes(docs)
	want := map[string]int{
		"string": 5, "int": 8, "objectId": 1, "uuid": 1, "": 4,
		"double": 1, "128-bit decimal": 1, "binary": 1, "boolean": 1, "embedded document": 1,
	}
	if !maps.Equal(got, want) {
		t.Errorf("CountTypes = %v, want %v", got, want)
	}
}
