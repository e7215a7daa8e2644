package sidecar_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy/locate"
	"github.com/tokengraft/tokengraft/proxy/sidecar"
)

// A program that embeds tokengraft must not contain the JavaScript engine or the
// libraries of the command line.
func TestSidecar_DoesNotLinkEngineOrCommandLine(t *testing.T) {
	deps, err := exec.Command("go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, deps)
	}
	for _, module := range []string{"github.com/dop251/goja", "github.com/spf13/cobra", "go.opentelemetry.io/otel/sdk", "github.com/prometheus/"} {
		if strings.Contains(string(deps), module) {
			t.Errorf("go list -deps . has %s, want it only in programs that import it", module)
		}
	}
}

func TestNew_ReportsEveryFaultOfAZeroConfiguration(t *testing.T) {
	_, err := sidecar.New(&config.Config{}, sidecar.Options{})
	for _, setting := range []string{"backend", "rules", "verify", "documents"} {
		if err == nil || !strings.Contains(err.Error(), setting) {
			t.Errorf("New(zero configuration) = %v, want an error that names %s", err, setting)
		}
	}
}

func TestClose_StopsRun(t *testing.T) {
	cfg := config.Default()
	cfg.Backend, _ = config.ParseBaseURL("http://127.0.0.1:1")
	cfg.Rules = []config.Rule{{Match: "POST /login", Tokens: []locate.Location{locate.WholeBody}}}
	cfg.Verify.Secret = config.NewSecret("0123456789abcdef0123456789abcdef")
	s, err := sidecar.New(cfg, sidecar.Options{Source: documents{}})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(context.Background())
	}()
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v, want nil", err)
	}
	<-ended
	s.Run(context.Background()) // returns immediately
	if err := s.Close(); err != nil {
		t.Errorf("second Close = %v, want nil", err)
	}
}
