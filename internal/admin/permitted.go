package admin

import (
	"context"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// A permitter decides whether a peer may change something, or see documents. The pages and
// the API both reach the sidecar only through it.
type permitter struct {
	token func() string
	offer func() Offer
}

// change returns why a peer cannot change anything, or nil.
func (p permitter) change(peer adminapi.Peer) error {
	readOnly := p.offer().ReadOnly
	switch {
	case peer.Writes && readOnly == "":
		return nil
	case peer.Writes:
		return readOnlyProblem(readOnly)
	case p.token() == "":
		return forbidden("no admin_token is configured, so nothing can be changed here. Set it, and send it as a bearer token")
	}
	return forbidden("changes require admin_token as a bearer token, or a session of the console, from loopback too")
}

// see returns why a peer cannot see values of documents, or nil.
func (p permitter) see(peer adminapi.Peer, values bool) error {
	if values && !peer.Writes {
		return forbidden("values of documents require admin_token as a bearer token, or a session of the console, from loopback too")
	}
	return nil
}

// permittedKeys are the keys for peers that may not do everything.
type permittedKeys struct {
	adminapi.KeyManager
	permitter
}

// RotateKeys implements [adminapi.KeyManager].
func (k permittedKeys) RotateKeys(ctx context.Context, peer adminapi.Peer, change adminapi.KeyChange) (adminapi.KeyChanged, error) {
	if err := k.change(peer); err != nil && !change.DryRun {
		return adminapi.KeyChanged{}, err
	}
	return k.KeyManager.RotateKeys(ctx, peer, change)
}

// PruneKeys implements [adminapi.KeyManager].
func (k permittedKeys) PruneKeys(ctx context.Context, peer adminapi.Peer, change adminapi.KeyChange) (adminapi.KeyChanged, error) {
	if err := k.change(peer); err != nil && !change.DryRun {
		return adminapi.KeyChanged{}, err
	}
	return k.KeyManager.PruneKeys(ctx, peer, change)
}

// permittedUsers are the users for peers that may not do everything.
type permittedUsers struct {
	adminapi.Users
	permitter
}

// ExplainUser implements [adminapi.Users].
func (u permittedUsers) ExplainUser(ctx context.Context, peer adminapi.Peer, query adminapi.UserQuery) (*adminapi.UserExplanation, error) {
	if err := u.see(peer, query.Values); err != nil {
		return nil, err
	}
	return u.Users.ExplainUser(ctx, peer, query)
}

// ForgetUser implements [adminapi.Users].
func (u permittedUsers) ForgetUser(ctx context.Context, peer adminapi.Peer, query adminapi.UserQuery) (adminapi.Forgotten, error) {
	if err := u.change(peer); err != nil {
		return adminapi.Forgotten{}, err
	}
	return u.Users.ForgetUser(ctx, peer, query)
}

// InspectToken implements [adminapi.Users].
func (u permittedUsers) InspectToken(ctx context.Context, peer adminapi.Peer, request adminapi.InspectRequest) (adminapi.Inspection, error) {
	if err := u.see(peer, request.Values); err != nil {
		return adminapi.Inspection{}, err
	}
	return u.Users.InspectToken(ctx, peer, request)
}

// permittedConfiguration is the configuration for peers that may not do everything.
type permittedConfiguration struct {
	adminapi.Configurator
	permitter
}

// Config implements [adminapi.Configurator].
func (c permittedConfiguration) Config(ctx context.Context) (adminapi.Config, error) {
	config, err := c.Configurator.Config(ctx)
	if readOnly := c.offer().ReadOnly; readOnly != "" {
		config.ReadOnly = readOnly
	}
	return config, err
}

// Deploy implements [adminapi.Configurator].
func (c permittedConfiguration) Deploy(ctx context.Context, peer adminapi.Peer, draft adminapi.Draft) (adminapi.Deployment, error) {
	if err := c.change(peer); err != nil {
		return adminapi.Deployment{}, err
	}
	return c.Configurator.Deploy(ctx, peer, draft)
}

// RollBack implements [adminapi.Configurator].
func (c permittedConfiguration) RollBack(ctx context.Context, peer adminapi.Peer, to adminapi.Rollback) (adminapi.Deployment, error) {
	if err := c.change(peer); err != nil {
		return adminapi.Deployment{}, err
	}
	return c.Configurator.RollBack(ctx, peer, to)
}

// permitted returns the options with the parts of the console behind a permitter.
func (o Options) permitted() Options {
	p := permitter{o.Token, o.Offer}
	if o.Keys != nil {
		o.Keys = permittedKeys{o.Keys, p}
	}
	if o.Users != nil {
		o.Users = permittedUsers{o.Users, p}
	}
	if o.Configuration != nil {
		o.Configuration = permittedConfiguration{o.Configuration, p}
	}
	return o
}
