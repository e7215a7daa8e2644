package enrich_test

import (
	"encoding/hex"
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
	const id = "anna@example.com"
	user := enrich.User{ID: id}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "user", user)
	printed := map[string]string{"slog": log.String()}
	for name, value := range map[string]any{
		"a user": user, "a pointer": &user, "a query": enrich.Query{User: user}, "a map": map[enrich.User]int{user: 1},
	} {
		for _, verb := range verbs {
			printed[name+" with "+verb] = fmt.Sprintf(verb, value)
		}
	}
	for how, text := range printed {
		if strings.Contains(text, id) || strings.Contains(strings.ToLower(text), hex.EncodeToString([]byte(id))) {
			t.Errorf("%s prints %s, want it without the user id", how, text)
		}
	}
	if got := fmt.Sprintf("%d", user); got != user.String() {
		t.Errorf("%%d prints %s, want %s", got, user)
	}
}

// verbs are the verbs of package fmt with some flags. %p asks no method of a value that is
// not a pointer, so `go vet` reports it.
var verbs = strings.Fields("%v %+v %#v %T %t %b %c %d %o %O %q %x %X % x %#x %U %e %E %f %F %g %G %s %10.30s %+q %z")

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
