package sidecar

import (
	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/proxy"
)

// The words of the configuration, as the packages that act on them have them.
// Missing words are the zero value of each.
var (
	policies = map[config.Policy]enrich.Policy{
		config.Pass:   enrich.Pass,
		config.Refuse: enrich.Refuse,
	}
	tokenKinds = map[config.TokenKind]enrich.Kind{
		config.AccessToken: enrich.Access,
		config.IDToken:     enrich.ID,
	}
	formats = map[config.Format]enrich.Format{
		config.Plain:       enrich.Plain,
		config.Relaxed:     enrich.Relaxed,
		config.Canonical:   enrich.Canonical,
		config.AppServices: enrich.AppServices,
	}
	userIDTypes = map[config.UserIDType]enrich.UserIDType{
		config.AutoID:   enrich.AutoID,
		config.StringID: enrich.StringID,
		config.ObjectID: enrich.ObjectID,
		config.IntID:    enrich.IntID,
		config.UUID:     enrich.UUIDUserID,
	}
	operations = map[config.Operation]hooks.Operation{
		config.Login:  hooks.Login,
		config.Create: hooks.Create,
		config.Delete: hooks.Delete,
	}
	rejections = map[config.Errors]proxy.RejectionFormat{
		config.ErrorsAppServices: appservices.Rejection, // OAuth's is the proxy's own
	}
	refreshes = map[config.Refresh]proxy.Refresh{
		config.RefreshAuto:   proxy.RefreshAuto,
		config.RefreshAlways: proxy.RefreshAlways,
		config.RefreshNever:  proxy.RefreshNever,
	}
)

// kindsOf returns the kinds of tokens that get the claim.
func kindsOf(c config.Claim) []enrich.Kind {
	kinds := make([]enrich.Kind, len(c.Kinds))
	for i, kind := range c.Kinds {
		kinds[i] = tokenKinds[kind]
	}
	return kinds
}

// projectionOf returns which paths of a document reach the token.
func projectionOf(c config.Claim) enrich.Projection {
	return enrich.Projection{Include: c.Include, Exclude: c.Exclude}
}

// restoreOf is what restore means here: with oidc, auto is on whoever signs, for
// providers look their tokens up.
func restoreOf(cfg *config.Config) enrich.Restore {
	switch {
	case cfg.Restore == config.Off:
		return enrich.RestoreOff
	case cfg.Restore == config.On, cfg.OIDC.Enabled:
		return enrich.RestoreOn
	}
	return enrich.RestoreAuto
}
