package sidecar

import (
	"log/slog"
	"net/http"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// newFollower returns a follower of the backend's discovery document, which calls
// apply for each change.
func newFollower(cfg *config.Config, client *http.Client, logger *slog.Logger, apply func(*oidc.Follower, oidc.Discovery)) (f *oidc.Follower, err error) {
	f, err = oidc.NewFollower(oidc.Options{
		Client:   client,
		Backend:  cfg.Backend.URL(),
		Paths:    cfg.DiscoveryPaths(),
		OnChange: func(d oidc.Discovery) { apply(f, d) },
		Logger:   logger,
	})
	return f, err
}
