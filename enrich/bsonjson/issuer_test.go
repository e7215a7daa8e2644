package bsonjson_test

import (
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

func withIssuer(t *testing.T, field, issuer string) bsonjson.Mapping {
	t.Helper()
	mapping, err := bsonjson.NewMapping(field, "", "", bsonjson.Projection{Include: []string{"lang"}})
	if err == nil {
		mapping, err = mapping.WithIssuer(issuer)
	}
	if err != nil {
		t.Fatal(err)
	}
	return mapping
}

// Law F7: an id and an issuer belong together only if the document says so.
func TestUserIDs_BelongToTheirIssuer(t *testing.T) {
	for _, tt := range []struct{ field, issuer, document, of string }{
		{"f", "iss", `{"f":"anna","iss":"A"}`, "A"},
		{"f", "iss", `{"f":"anna","iss":["A","B"]}`, "A B"},
		{"f", "iss", `{"f":"anna"}`, ""},
		{"f", "iss", `{"f":"anna","iss":null}`, ""},
		{"f", "iss", `{"f":"anna","iss":""}`, ""},
		{"f", "iss", `{"f":"anna","iss":{"$ne":"B"}}`, ""},
		{"f", "iss", `{"f":"bert","iss":"A"}`, ""},
		{"a.f", "a.iss", `{"a":{"f":"anna","iss":"A"}}`, "A"},
		{"a.f", "a.iss", `{"a":[{"f":"anna","iss":"A"},{"f":"bert","iss":"B"}]}`, "A"},
		{"a.f", "a.iss", `{"a":[{"f":"anna","iss":"A"},{"f":"anna","iss":"B"}]}`, "A B"},
		{"a.x.f", "a.x.iss", `{"a":[{"x":[{"f":"anna","iss":"A"}]},{"x":{"f":"bert","iss":"B"}}]}`, "A"},
		{"a.1.f", "a.1.iss", `{"a":[{"f":"anna","iss":"A"},{"f":"anna","iss":"B"}]}`, "B"},
		{"a.f", "b.iss", `{"a":{"f":"anna"},"b":{"iss":"A"}}`, "A"},
		{"a.f", "iss", `{"a":[{"f":"anna"},{"f":"bert"}],"iss":"A"}`, "A"},
	} {
		mapping := withIssuer(t, tt.field, tt.issuer)
		doc, err := bsonjson.Parse([]byte(tt.document))
		if err != nil {
			t.Fatal(err)
		}
		has := mapping.Field().UserIDs(doc)
		var of []string
		for _, issuer := range []string{"A", "B", "C"} {
			ids := mapping.Candidates(enrich.User{ID: "anna", Issuer: issuer})
			if slices.ContainsFunc(ids, func(id bsonjson.UserID) bool { return slices.Contains(has, id) }) {
				of = append(of, issuer)
			}
		}
		if got := strings.Join(of, " "); got != tt.of {
			t.Errorf("%s with %s and %s belongs to anna of %q, want %q", tt.document, tt.field, tt.issuer, got, tt.of)
		}
	}
}

func TestCandidates_NeedAnIssuerWhereDocumentsNameIt(t *testing.T) {
	if ids := withIssuer(t, "f", "iss").Candidates(enrich.User{ID: "anna"}); len(ids) != 0 {
		t.Errorf("candidates %v of a user without an issuer, want none", ids)
	}
	without := withIssuer(t, "f", "")
	if a, b := without.Candidates(enrich.User{ID: "anna", Issuer: "A"}), without.Candidates(enrich.User{ID: "anna"}); !slices.Equal(a, b) {
		t.Errorf("candidates %v with an issuer and %v without, want the same where documents name no issuer", a, b)
	}
}

func TestIssuer_IsInQueriesAndInsertions(t *testing.T) {
	mapping := withIssuer(t, "account.id", "account.iss")
	field := mapping.Field()
	ids := mapping.Candidates(enrich.User{ID: "62efedca3587e6e83c0fc675", Issuer: "A"}) // a string or an ObjectId
	filter, errFilter := field.Filter(ids)
	insertion, errInsertion := field.Insertion(ids[0], []byte(`{"lang":"en","account":{"iss":"B"}}`))
	assignment, errAssignment := field.Assignment(ids[0], "seen", 0)
	mark, _, errMark := ids[0].Mark("users", 0)
	projection, errProjection := mapping.FindProjection()
	for _, row := range []struct {
		what string
		bson []byte
		err  error
		want string
	}{
		{"Filter", filter, errFilter, `{"account.id": {"$in": ["62efedca3587e6e83c0fc675",{"$oid":"62efedca3587e6e83c0fc675"}]},"account.iss": "A"}`},
		{"Insertion", insertion, errInsertion, `{"$setOnInsert": {"lang": "en","account.id": "62efedca3587e6e83c0fc675","account.iss": "A"}}`},
		{"Assignment", assignment, errAssignment, `{"$set": {"seen": {"$date":{"$numberLong":"0"}}},"$setOnInsert": {"account.id": "62efedca3587e6e83c0fc675","account.iss": "A"}}`},
		{"Mark", mark, errMark, `{"_id": {"collection": "users","user": "62efedca3587e6e83c0fc675","issuer": "A"}}`},
		{"FindProjection", projection, errProjection, `{"_id": {"$numberInt":"1"},"account.id": {"$numberInt":"1"},"account.iss": {"$numberInt":"1"},"lang": {"$numberInt":"1"}}`},
	} {
		if got := bson.Raw(row.bson).String(); row.err != nil || got != row.want {
			t.Errorf("%s = %s, %v; want %s", row.what, got, row.err, row.want)
		}
	}
}

// A change of the issuer may give the document to another user.
func TestIssuer_ChangesAreFollowed(t *testing.T) {
	pipeline, err := withIssuer(t, "f", "iss").Pipeline()
	if err != nil {
		t.Fatal(err)
	}
	for i, stage := range pipeline {
		if !strings.Contains(bson.Raw(stage).String(), "|iss)") {
			t.Errorf("stage %d of the pipeline is %s, want it to look at changes of iss", i, bson.Raw(stage))
		}
	}
	event, err := bsonjson.Parse([]byte(`{"operationType":"insert","documentKey":{"_id":1},"fullDocument":{"f":"anna"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if change, ok := withIssuer(t, "f", "iss").Field().Change(event); !ok || !slices.Contains(change.Tags, "anna") {
		t.Errorf("Change = %+v, %v; want anna, whatever the issuer", change, ok)
	}
}

func TestIssuer_IndexMayHaveIt(t *testing.T) {
	field := withIssuer(t, "f", "iss").Field()
	for index, want := range map[string]bool{
		`{"key":{"f":1,"iss":1},"unique":true}`:       true,
		`{"key":{"f":1},"unique":true}`:               true,
		`{"key":{"f":1,"other":1},"unique":true}`:     false,
		`{"key":{"iss":1,"f":1},"unique":true}`:       false, // no lookup by the id alone
		`{"key":{"f":1,"iss":1}}`:                     false,
		`{"key":{"f":1,"iss":1,"x":1},"unique":true}`: false,
	} {
		raw, err := bsonjson.Parse([]byte(index))
		if err != nil {
			t.Fatal(err)
		}
		if got := field.IsUniqueIn(raw); got != want {
			t.Errorf("IsUniqueIn(%s) = %v, want %v", index, got, want)
		}
	}
	if got, want := field.IndexKeys(), `{"f": 1, "iss": 1}`; got != want {
		t.Errorf("IndexKeys = %s, want %s", got, want)
	}
}

func TestWithIssuer_RefusesOverlappingPaths(t *testing.T) {
	mapping, err := bsonjson.NewMapping("account.id", "", "", bsonjson.Projection{})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"account.id", "account", "account.id.iss", "a..b", "$iss"} {
		if _, err := mapping.WithIssuer(path); err == nil {
			t.Errorf("WithIssuer(%q) has no error, want one", path)
		}
	}
}
