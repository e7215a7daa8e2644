package sidecar

import (
	"crypto/tls"
	"log/slog"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// newFollower returns a follower of the backend's discovery document, which calls
// apply for each change.
func newFollower(cfg *config.Config, backendTLS *tls.Config, logger *slog.Logger, apply func(*oidc.Follower, oidc.Discovery)) (f *oidc.Follower, err error) {
	f, err = oidc.NewFollower(oidc.Options{
		Client:    backendClient(cfg, backendTLS),
		Backend:   cfg.Backend.URL(),
		PublicURL: publicURL(cfg),
		Paths:     cfg.OIDC.Discovery,
		OnChange:  func(d oidc.Discovery) { apply(f, d) },
		Logger:    logger,
	})
	return f, err
}
