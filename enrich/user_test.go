package enrich_test

import (
	"fmt"
	"log/slog"
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
