package mongodoc_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

func explore(t *testing.T, uri, database string) *mongodoc.Explorer {
	t.Helper()
	x, err := mongodoc.Explore(mongodoc.Options{URI: uri, Database: database, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close(context.Background()) })
	return x
}

func TestExplorer_SaysWhichFieldHasTheIDAndHowFieldsAreUsed(t *testing.T) {
	for name, server := range enrichtest.MongoDBs {
		t.Run(name, func(t *testing.T) {
			uri := server(t)
			users := connect(t, uri,
				`{"_id":{"$oid":"64b7f0aa5e1c2b3d4f5a6b7c"},"uid":{"$numberInt":"7"},"team":"red","auth":{"id":"a-1"}}`,
				`{"_id":{"$oid":"64b7f0aa5e1c2b3d4f5a6b7d"},"uid":{"$numberInt":"8"},"team":"red","tags":["x"]}`,
				`{"_id":{"$oid":"64b7f0aa5e1c2b3d4f5a6b7e"},"uid":{"$binary":{"base64":"AAECAwQFBgcICQoLDA0ODw==","subType":"04"}},"team":null}`)
			x := explore(t, uri, users.Database().Name())
			names, err := x.Collections(t.Context())
			if err != nil || !slices.Contains(names, users.Name()) {
				t.Errorf("Collections = %v, %v; want %s among them", names, err, users.Name())
			}
			n, uses, err := x.FieldUses(t.Context(), users.Name())
			if err != nil || n != 3 {
				t.Fatalf("FieldUses = %d documents, %v; want 3", n, err)
			}
			for path, want := range map[string]string{
				"_id": "3 documents, 3 distinct, map[objectId:3]", "uid": "3 documents, 3 distinct, map[int:2 uuid:1]",
				"team": "3 documents, 1 distinct, map[:1 string:2]", "auth.id": "1 documents, 1 distinct, map[string:1]",
				"tags": "1 documents, 1 distinct, map[array:1]",
			} {
				i := slices.IndexFunc(uses, func(u bsonjson.FieldUse) bool { return u.Path == path })
				if i < 0 {
					t.Errorf("FieldUses has no %s, want one", path)
					continue
				}
				if got := fmt.Sprintf("%d documents, %d distinct, %v", uses[i].Documents, uses[i].Distinct, uses[i].Types); got != want {
					t.Errorf("FieldUses of %s: %s, want %s", path, got, want)
				}
			}
			seven, text, uuid := enrich.User{ID: "7", Number: true}, enrich.User{ID: "8"}, enrich.User{ID: "00010203-0405-0607-0809-0a0b0c0d0e0f"}
			oid := enrich.User{ID: "64b7f0aa5e1c2b3d4f5a6b7c"}
			wantMatches(t, x, users.Name(), "uid", []enrich.User{seven, text, uuid, oid, {ID: "nobody"}}, "7 int auto, 8 int auto, 00010203-0405-0607-0809-0a0b0c0d0e0f uuid uuid")
			wantMatches(t, x, users.Name(), "_id", []enrich.User{oid}, "64b7f0aa5e1c2b3d4f5a6b7c objectId auto")
			wantMatches(t, x, users.Name(), "auth.id", []enrich.User{{ID: "a-1"}}, "a-1 string auto")
			wantMatches(t, x, users.Name(), "auth.id", nil, "")
			for field, want := range map[string]bool{"_id": true, "uid": false} {
				if got, err := x.Indexed(t.Context(), users.Name(), field); err != nil || got != want {
					t.Errorf("Indexed(%s) = %v, %v; want %v", field, got, err, want)
				}
			}
		})
	}
}

func wantMatches(t *testing.T, x *mongodoc.Explorer, collection, field string, users []enrich.User, want string) {
	t.Helper()
	matches, err := x.Match(t.Context(), collection, field, users)
	var got []string
	for _, user := range users {
		for _, m := range matches {
			if m.User == user {
				got = append(got, fmt.Sprint(user.ID, " ", m.Found, " ", m.Use))
			}
		}
	}
	if err != nil || strings.Join(got, ", ") != want {
		t.Errorf("Match(%s) = %q, %v; want %q", field, strings.Join(got, ", "), err, want)
	}
}

func TestExplorer_ReadsALimitedSample(t *testing.T) {
	uri := enrichtest.MongoDBs["ferretdb"](t)
	var docs []string
	for i := range 230 {
		docs = append(docs, fmt.Sprintf(`{"_id":%d}`, i))
	}
	users := connect(t, uri, docs...)
	x := explore(t, uri, users.Database().Name())
	if n, _, err := x.FieldUses(t.Context(), users.Name()); err != nil || n != 200 {
		t.Errorf("FieldUses of 230 documents reads %d, %v; want 200", n, err)
	}
}

func TestExplorer_ErrorsHaveNoID(t *testing.T) {
	x := explore(t, "mongodb://anna:password@127.0.0.1:1/?serverSelectionTimeoutMS=200", "app")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := x.Match(ctx, "users", "id", []enrich.User{{ID: "4711"}})
	if err == nil || strings.Contains(err.Error(), "4711") || strings.Contains(err.Error(), "password") {
		t.Errorf("Match without a server: %v, want an error without the id and the password", err)
	}
}
