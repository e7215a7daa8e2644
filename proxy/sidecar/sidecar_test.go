package sidecar_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy/sidecar"
)

// A program that embeds tokengraft carries neither the JavaScript engine nor the
// command line.
func TestSidecar_LinksNoEngineAndNoCommandLine(t *testing.T) {
	deps, err := exec.Command("go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, deps)
	}
	for _, module := range []string{"github.com/dop251/goja", "github.com/spf13/cobra", "go.opentelemetry.io/otel/sdk", "github.com/prometheus/"} {
		if strings.Contains(string(deps), module) {
			t.Errorf("go list -deps . has %s, want it in programs only that ask for it", module)
		}
	}
}

func TestNew_ReportsEveryFaultOfAZeroConfiguration(t *testing.T) {
	_, err := sidecar.New(&config.Config{}, sidecar.Options{})
	for _, setting := range []string{"backend", "rules", "verify", "documents"} {
		if err == nil || !strings.Contains(err.Error(), setting) {
			t.Errorf("New of a zero configuration: %v, want a fault of %s", err, setting)
		}
	}
}
