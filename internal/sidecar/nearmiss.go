package sidecar

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// nearMissInterval is the shortest time between two looks for a near miss.
const nearMissInterval = time.Minute

// A nearMisser is a source that can look for documents whose ids are nearly a user's.
type nearMisser interface {
	NearMiss(context.Context, enrich.User) (bsonjson.NearMiss, bool, error)
}

// nearMisses looks for the reason why users have no document: an id of another type, or
// one that is written in another way. It takes no time of a login. It makes at most one
// query in a minute, and none while the source fails.
type nearMisses struct {
	documents *documents
	source    nearMisser
	ids       config.Documents
	missed    chan enrich.User
	// missing says that there are no documents at all. It is nil if that is as it should be
	// or cannot be found out.
	missing func(context.Context) (warning string, err error)
	said    string // the last such warning in the log
}

// newNearMisses returns nil if the source cannot look for them.
func newNearMisses(d *documents, cfg *config.Config) *nearMisses {
	source, ok := d.source.(nearMisser)
	if !ok {
		return nil
	}
	n := &nearMisses{documents: d, source: source, ids: cfg.Documents, missed: make(chan enrich.User)}
	if collection, ok := d.source.(interface {
		Missing(context.Context) (string, error)
	}); ok && !cfg.UserCreation.Enabled() {
		n.missing = collection.Missing
	}
	return n
}

// offer tells run about a user without a document. It does not wait: run takes one user,
// and then none for a while.
func (n *nearMisses) offer(u enrich.User) {
	if n == nil {
		return
	}
	select {
	case n.missed <- u:
	default:
	}
}

// run warns about near misses until ctx ends.
func (n *nearMisses) run(ctx context.Context) {
	for {
		select {
		case user := <-n.missed:
			n.warn(ctx, user)
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(nearMissInterval):
		case <-ctx.Done():
			return
		}
	}
}

func (n *nearMisses) warn(ctx context.Context, u enrich.User) {
	if n.documents.failing() {
		return
	}
	near, ok, err := n.source.NearMiss(ctx, u)
	switch {
	case err != nil:
		return
	case !ok:
		n.warnMissing(ctx)
		return
	}
	n.documents.logger.LogAttrs(ctx, slog.LevelWarn, "a user has no document, but there is one whose id is nearly theirs",
		slog.Any("user", u), slog.String("claim", string(n.ids.UserIDClaim)), slog.String("field", n.ids.UserIDField),
		slog.String("in_token", typeInToken(u)), slog.String("in_document", string(near.Found)), slog.String("advice", advice(near)))
}

// warnMissing warns once about a collection that does not exist or has no documents.
func (n *nearMisses) warnMissing(ctx context.Context) {
	if n.missing == nil {
		return
	}
	if warning, err := n.missing(ctx); err == nil && warning != n.said {
		if n.said = warning; warning != "" {
			n.documents.logger.LogAttrs(ctx, slog.LevelWarn, "a user has no document, because there are no documents", slog.String("cause", warning))
		}
	}
}

// A nearMiss is a user without a document, and the document whose id is nearly theirs. As
// an error it says what to do.
type nearMiss struct {
	user enrich.User
	near bsonjson.NearMiss
	ids  config.Documents
}

func (m nearMiss) Error() string {
	return fmt.Sprintf("%v; but there is a document whose id is nearly the same. In the token, %s is of the type %s; in the document, %s is of the type %s. %s",
		enrich.ErrNoDocument, m.ids.UserIDClaim, typeInToken(m.user), m.ids.UserIDField, m.near.Found, advice(m.near))
}

func (m nearMiss) Unwrap() error { return enrich.ErrNoDocument }

// advice says how the document becomes that of the user, with the line of YAML to set.
func advice(near bsonjson.NearMiss) string {
	if near.Use == "" {
		return "No setting makes these ids equal, because they differ in letter case, spaces, zeros or a sign. Write the id into the documents exactly as it is in the token."
	}
	return fmt.Sprintf("Write this in the section documents: user_id_type: %s", near.Use)
}

// typeInToken returns the JSON type of the user id in the token.
func typeInToken(u enrich.User) string {
	if u.Number {
		return "number"
	}
	return "string"
}
