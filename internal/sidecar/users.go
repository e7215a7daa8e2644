package sidecar

import (
	"context"
	"errors"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// users explains and forgets the users of a running sidecar, and inspects tokens. It
// implements [adminapi.Users].
type users struct{ *Sidecar }

// ExplainUser implements [adminapi.Users].
func (u users) ExplainUser(ctx context.Context, peer adminapi.Peer, q adminapi.UserQuery) (*adminapi.UserExplanation, error) {
	if q.UserID == "" {
		return nil, invalid("The id of the user is empty.")
	}
	e, err := u.explainAndLog(ctx, peer.Address, ExplainRequest{UserID: q.UserID, Issuer: q.Issuer, Values: q.Values})
	if errors.Is(err, ErrIssuerNeeded) {
		return nil, invalid(err.Error() + ".")
	}
	return e, err
}

// ForgetUser implements [adminapi.Users].
func (u users) ForgetUser(_ context.Context, peer adminapi.Peer, q adminapi.UserQuery) (adminapi.Forgotten, error) {
	if q.UserID == "" {
		return adminapi.Forgotten{}, invalid("The id of the user is empty.")
	}
	user := enrich.User{ID: q.UserID, Issuer: q.Issuer}
	u.cache.Invalidate(q.UserID)
	u.o.Logger.Info("forgot a user on the admin listener", "user", user, "peer", peer.Address)
	return adminapi.Forgotten{
		User: user.LogValue().String(),
		Note: "The next login of the user reads their document again. Other replicas still have it in their caches.",
	}, nil
}
