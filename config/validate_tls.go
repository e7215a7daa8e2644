package config

import (
	"errors"
	"fmt"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

func checkBackendTLS(c *Config, r *yamlbind.Report) {
	if r.Set("backend_tls") && c.Backend.Scheme == "http" {
		r.Fault("backend_tls", errors.New("stands beside a backend that is http://, want https:// there"))
	}
	for path, twin := range map[string]string{
		"backend_tls.cert_file": "backend_tls.key_file",
		"backend_tls.key_file":  "backend_tls.cert_file",
	} {
		if r.Set(path) && !r.Set(twin) {
			r.Fault(twin, fmt.Errorf("is required beside %s", path))
		}
	}
}
