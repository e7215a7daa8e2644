package config

import (
	"errors"
	"fmt"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

func checkBackendTLS(c *Config, r *yamlbind.Report) {
	if r.Set("backend_tls") && c.Backend.Scheme == "http" {
		r.Fault("backend_tls", errors.New("requires an https:// backend, but backend starts with http://; change one of them"))
	}
	for path, twin := range map[string]string{
		"backend_tls.cert_file": "backend_tls.key_file",
		"backend_tls.key_file":  "backend_tls.cert_file",
	} {
		if r.Set(path) && !r.Set(twin) {
			r.Fault(twin, fmt.Errorf("is required together with %s", path))
		}
	}
}
