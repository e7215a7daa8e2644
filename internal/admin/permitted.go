package admin

import (
	"context"
	"net/http"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// A permitter decides whether a peer may change something, or see documents. The pages and
// the API both reach the sidecar only through it.
type permitter struct {
	token func() string
	offer func() Offer
	turns chan struct{} // what asks servers takes one
}

// mostAtOnce limits how many requests of the console and its API that read documents or ask
// other servers run at once.
const mostAtOnce = 2

// takeTurn returns a function that gives the turn back, or a problem if too many others are
// busy.
func (p permitter) takeTurn() (leave func(), err error) {
	select {
	case p.turns <- struct{}{}:
		return func() { <-p.turns }, nil
	default:
		return nil, &adminapi.Problem{Type: adminapi.UnavailableType, Title: "Busy", Status: http.StatusServiceUnavailable, Detail: "busy with other requests; try again"}
	}
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
	leave, err := u.takeTurn()
	if err != nil {
		return nil, err
	}
	defer leave()
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
	leave, err := u.takeTurn()
	if err != nil {
		return adminapi.Inspection{}, err
	}
	defer leave()
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

// ReviewDraft implements [adminapi.Configurator].
func (c permittedConfiguration) ReviewDraft(ctx context.Context, draft adminapi.Draft) (adminapi.Review, error) {
	leave, err := c.takeTurn()
	if err != nil {
		return adminapi.Review{}, err
	}
	defer leave()
	return c.Configurator.ReviewDraft(ctx, draft)
}

// SampleDraft implements [adminapi.Configurator].
func (c permittedConfiguration) SampleDraft(ctx context.Context, peer adminapi.Peer, draft adminapi.Draft) (adminapi.Sample, error) {
	leave, err := c.takeTurn()
	if err != nil {
		return adminapi.Sample{}, err
	}
	defer leave()
	return c.Configurator.SampleDraft(ctx, peer, draft)
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
	p := permitter{o.Token, o.Offer, make(chan struct{}, mostAtOnce)}
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
