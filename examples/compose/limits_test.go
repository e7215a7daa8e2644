package compose_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
)

// Every service has limits, and no secret of the deployment is in the repository.
func TestComposeFile_LimitsEveryServiceAndHasNoToken(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			Memory string `yaml:"mem_limit"`
			Pids   int    `yaml:"pids_limit"`
		}
		Secrets map[string]struct{ File string }
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for name, service := range file.Services {
		if service.Memory == "" || service.Pids == 0 {
			t.Errorf("service %s has the limits %+v, want mem_limit and pids_limit", name, service)
		}
	}
	for name := range file.Secrets {
		if name != "mongodb_uri" { // an address without a password
			t.Errorf("the secret %s: want no file for it in the repository", name)
		}
	}
	if len(file.Services) < 10 {
		t.Errorf("got %d services, want all of docker-compose.yml", len(file.Services))
	}
}
