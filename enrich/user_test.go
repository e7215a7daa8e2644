package enrich_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

func TestUserID_CanBeWithinAnObject(t *testing.T) {
	f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) {
		o.UserID = `ext.user\.id`
		o.Source = sourceFunc(func(q enrich.Query) (enrich.Document, error) {
			if q.User != (enrich.User{ID: "9007199254740993", Number: true}) {
				return enrich.Document{}, enrich.ErrNoDocument
			}
			return enrich.Document{JSON: []byte(`{}`), ReadAt: time.Now()}, nil
		})
	})
	if got := f.enrichOne(t, f.issuer.Token(`{"ext":{"user.id":9007199254740993}}`)); got.Reason != enrich.OK {
		t.Errorf("reason %q (%v), want ok", got.Reason, got.Err)
	}
}

func TestUser_IsNeverPrinted(t *testing.T) {
	var log strings.Builder
	user := enrich.User{ID: "anna@example.com"}
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "user", user)
	fmt.Fprintf(&log, "%v %+v %#v %s", user, user, user, user)
	if strings.Contains(log.String(), "anna") {
		t.Errorf("printed %s, want it without the user id", log.String())
	}
}

// Law F7: with UserIssuer, the source gets the issuer of the token. Without it, users
// have none.
func TestUserIssuer_IsPartOfTheUser(t *testing.T) {
	for _, row := range []struct {
		on     bool
		claims string
		want   []enrich.User
	}{
		{false, `{"iss":"A","sub":"u1"}`, []enrich.User{{ID: "u1"}}},
		{true, `{"iss":"A","sub":"u1"}`, []enrich.User{{ID: "u1", Issuer: "A"}}},
		{true, `{"iss":"A","sub":5}`, []enrich.User{{ID: "5", Number: true, Issuer: "A"}}},
		{true, `{"sub":"u1"}`, nil},
		{true, `{"iss":"","sub":"u1"}`, nil},
		{true, `{"iss":"A"}`, nil},
	} {
		var asked []enrich.User
		f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) {
			o.UserIssuer = row.on
			o.Source = sourceFunc(func(q enrich.Query) (enrich.Document, error) {
				asked = append(asked, q.User)
				return enrich.Document{}, enrich.ErrNoDocument
			})
		})
		if got := f.enrichOne(t, f.issuer.Token(row.claims)); got.Reason != enrich.NoDocument || !slices.Equal(asked, row.want) {
			t.Errorf("UserIssuer %v, claims %s: asked for %#v with reason %s, want %#v and no_document", row.on, row.claims, asked, got.Reason, row.want)
		}
	}
}
