package config

import (
	"errors"
	"fmt"
)

func checkBackendTLS(c *Config, r *report) {
	if r.set("backend_tls") && c.Backend.Scheme == "http" {
		r.fault("backend_tls", errors.New("stands beside a backend that is http://, want https:// there"))
	}
	for path, twin := range map[string]string{
		"backend_tls.cert_file": "backend_tls.key_file",
		"backend_tls.key_file":  "backend_tls.cert_file",
	} {
		if r.set(path) && !r.set(twin) {
			r.fault(twin, fmt.Errorf("is required beside %s", path))
		}
	}
}
