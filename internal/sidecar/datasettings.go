package sidecar

import (
	"path/filepath"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// dataSettings returns the settings of custom user data in a configuration.
func dataSettings(cfg *config.Config) adminapi.DataSettings {
	s := adminapi.DataSettings{
		Mode: "live", Source: "mongodb",
		Database: cfg.Documents.MongoDB.Database, Collection: cfg.Documents.MongoDB.Collection, File: documentsFile(cfg),
		UserIDClaim: string(cfg.Documents.UserIDClaim), UserIDField: cfg.Documents.UserIDField, UserIDType: string(cfg.Documents.UserIDType),
		ClaimName: cfg.Claim.Name, Format: string(cfg.Claim.Format),
		Include: append([]string{}, cfg.Claim.Include...), Exclude: append([]string{}, cfg.Claim.Exclude...),
		MaxSize: int64(cfg.Claim.MaxSize), MaxToken: int64(cfg.Claim.MaxTokenSize), MaxHeader: int64(cfg.Claim.MaxHeaderSize),
	}
	switch {
	case !cfg.Claim.Enabled:
		s.Mode = "off"
	case cfg.Shadow:
		s.Mode = "shadow"
	}
	if cfg.Documents.File != "" {
		s.Source = "file"
	}
	return s
}

// documentsFile returns the file of documents as the configuration file can have it: a path
// that is relative to its folder, if it is below.
func documentsFile(cfg *config.Config) string {
	file := string(cfg.Documents.File)
	if relative, err := filepath.Rel(filepath.Dir(cfg.File()), file); err == nil && file != "" && filepath.IsLocal(relative) {
		return relative
	}
	return file
}
