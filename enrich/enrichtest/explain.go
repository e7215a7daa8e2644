package enrichtest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// An explainer is a source that explains users.
type explainer interface {
	Explain(context.Context, enrich.User) (bsonjson.Explanation, error)
	Elsewhere(context.Context, enrich.User) (bsonjson.NearMiss, bool, error)
	FirstWithDocument(context.Context, []enrich.User) (int, error)
}

var explainedDocs = []string{
	`{"_id":1,"f":{"$oid":"` + hexID + `"},"lang":"en"}`,
	`{"_id":2,"f":"` + hexID + `","lang":"fr","passwordHash":"x","address":{"city":"Wien","zip":"1010"}}`,
	`{"_id":3,"f":"` + hexID + `","lang":"de"}`,
	`{"_id":4,"f":7,"lang":"it"}`,
	`{"_id":5,"f":["a","b"],"lang":"es","email":"anna@example.com"}`,
	`{"_id":"6a","f":"u6","user":{"id":6}}`,
}

// testExplanations checks what a source says about users with a document.
func testExplanations(t *testing.T, open OpenSource) {
	for _, tt := range []struct {
		name       string
		user       enrich.User
		projection bsonjson.Projection
		want       string
	}{
		{"the first of three", enrich.User{ID: hexID}, bsonjson.Projection{Include: []string{"lang", "address.city"}},
			"3 by string, others [objectId]; kept lang 12 address 26; left out _id claim.include 8, f claim.include 31, passwordHash claim.include 19, address.zip claim.include 13"},
		{"a credential", enrich.User{ID: hexID}, bsonjson.Projection{Exclude: []string{"address.zip", "_id"}},
			"3 by string, others [objectId]; kept f 31 lang 12 address 26; left out _id claim.exclude 8, address.zip claim.exclude 13, passwordHash claim.credentials 19"},
		{"a number for a string", enrich.User{ID: "7"}, bsonjson.Projection{}, "1 by int, others []; kept _id 8 f 6 lang 12; left out "},
		{"a number", enrich.User{ID: "7", Number: true}, bsonjson.Projection{Exclude: []string{"_id", "f"}}, "1 by int, others []; kept lang 12; left out _id claim.exclude 8, f claim.exclude 6"},
		{"in an array", enrich.User{ID: "b"}, bsonjson.Projection{Include: []string{"lang"}}, "1 by string, others []; kept lang 12; left out _id claim.include 8, f claim.include 14, email claim.include 27"},
		{"nobody", enrich.User{ID: "nobody"}, bsonjson.Projection{}, "0"},
		{"no user", enrich.User{}, bsonjson.Projection{}, "0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := open(t, SourceOptions{Field: "f", Projection: tt.projection}, explainedDocs...)
			e, err := src.(explainer).Explain(t.Context(), tt.user)
			if got := explanationText(e); err != nil || e.Err != nil || got != tt.want {
				t.Errorf("Explain(%q) = %s, %v, %v; want %s", tt.user.ID, got, err, e.Err, tt.want)
			}
			doc, err := src.Lookup(t.Context(), enrich.Query{User: tt.user})
			if (err == nil) != (e.Documents > 0) || string(doc.JSON) != string(e.Document.JSON) {
				t.Errorf("Explain(%q) has the document %s, but Lookup = %s, %v; want the same", tt.user.ID, e.Document.JSON, doc.JSON, err)
			}
		})
	}
}

func explanationText(e bsonjson.Explanation) string {
	if e.Documents == 0 {
		return "0"
	}
	var kept, left []string
	for _, f := range e.Kept {
		kept = append(kept, fmt.Sprintf("%s %d", f.Path, f.Bytes))
	}
	for _, f := range e.LeftOut {
		left = append(left, fmt.Sprintf("%s %s %d", f.Path, f.Why, f.Bytes))
	}
	return fmt.Sprintf("%d by %s, others %v; kept %s; left out %s", e.Documents, e.By, e.Others, strings.Join(kept, " "), strings.Join(left, ", "))
}

// testElsewhere checks what a source says about users whose id is in another field.
func testElsewhere(t *testing.T, open OpenSource) {
	src := open(t, SourceOptions{Field: "f", IDType: bsonjson.StringID, Projection: bsonjson.Projection{Include: []string{"lang"}}}, explainedDocs...).(explainer)
	for id, want := range map[string]bsonjson.NearMiss{
		"anna@example.com": {Field: "email", Found: bsonjson.StringID, Use: bsonjson.StringID},
		"6a":               {Field: "_id", Found: bsonjson.StringID, Use: bsonjson.StringID},
		"5":                {Field: "_id", Found: bsonjson.IntID, Use: bsonjson.AutoID},
		"6":                {Field: "user.id", Found: bsonjson.IntID, Use: bsonjson.AutoID},
		"u6":               {}, // in the user-id field itself
		"Wien":             {}, // in no field of an id
		"":                 {},
	} {
		near, ok, err := src.Elsewhere(t.Context(), enrich.User{ID: id})
		if err != nil || near != want || ok != (want.Field != "") {
			t.Errorf("Elsewhere(%q) = %+v, %v, %v; want %+v", id, near, ok, err, want)
		}
	}
	users := []enrich.User{{ID: "nobody"}, {}, {ID: "7"}, {ID: "b"}, {ID: "u6"}}
	for n, want := range []int{-1, -1, -1, -1, 3, 3} { // 7 is not a string
		if i, err := src.FirstWithDocument(t.Context(), users[:n]); err != nil || i != want {
			t.Errorf("FirstWithDocument of %d users = %d, %v; want %d", n, i, err, want)
		}
	}
}
