package sidecar

import (
	"fmt"
	"path/filepath"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/proxy"
)

// The words of the configuration, and the values for them in other packages. A word
// that is not listed has the zero value.
var (
	policies = map[config.Policy]enrich.Policy{
		config.Pass:   enrich.Pass,
		config.Refuse: enrich.Refuse,
	}
	tokenKinds = map[config.TokenKind]enrich.Kind{
		config.AccessToken: enrich.Access,
		config.IDToken:     enrich.ID,
	}
	formats = map[config.Format]bsonjson.Format{
		config.Plain:       bsonjson.Plain,
		config.Relaxed:     bsonjson.Relaxed,
		config.Canonical:   bsonjson.Canonical,
		config.AppServices: bsonjson.AppServices,
	}
	credentialModes = map[config.Credentials]bsonjson.Credentials{
		config.DropCredentials:  bsonjson.DropCredentials,
		config.WarnCredentials:  bsonjson.WarnCredentials,
		config.AllowCredentials: bsonjson.AllowCredentials,
	}
	userIDTypes = map[config.UserIDType]bsonjson.UserIDType{
		config.AutoID:   bsonjson.AutoID,
		config.StringID: bsonjson.StringID,
		config.ObjectID: bsonjson.ObjectID,
		config.IntID:    bsonjson.IntID,
		config.UUID:     bsonjson.UUID,
	}
	operations = map[config.Operation]hooks.Operation{
		config.Login:  hooks.Login,
		config.Create: hooks.Create,
		config.Delete: hooks.Delete,
	}
	rejections = map[config.ErrorFormat]proxy.RejectionFormat{
		config.ErrorsAppServices: appservices.Rejection, // OAuth is the proxy's default
	}
	diagnoses = map[config.Toggle]proxy.Diagnose{
		config.Auto: proxy.DiagnoseAuto,
		config.On:   proxy.DiagnoseOn,
		config.Off:  proxy.DiagnoseOff,
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

// describeDocuments says where user ids are looked for.
func describeDocuments(cfg *config.Config) string {
	d := cfg.Documents
	where := "the file " + filepath.Base(string(d.File))
	if d.MongoDB.Collection != "" {
		where = fmt.Sprintf("the collection %s.%s", d.MongoDB.Database, d.MongoDB.Collection)
	}
	return fmt.Sprintf("the field %s of %s (user_id_type: %s)", d.UserIDField, where, d.UserIDType)
}

// projectionOf returns which paths of a document reach the token.
func projectionOf(c config.Claim) bsonjson.Projection {
	return bsonjson.Projection{Include: c.Include, Exclude: c.Exclude, Credentials: credentialModes[c.Credentials]}
}

// restoreOf resolves restore for the enricher. With oidc, auto is always on, because
// providers look up their tokens. Without it, auto is on for tokens that our own keys or a
// secret sign, and off for those of sign.backend_key.
func restoreOf(cfg *config.Config) enrich.Restore {
	switch {
	case cfg.Restore.Mode == config.Off:
		return enrich.RestoreOff
	case cfg.Restore.Mode == config.On, cfg.OIDC.Enabled:
		return enrich.RestoreOn
	}
	return enrich.RestoreAuto
}
