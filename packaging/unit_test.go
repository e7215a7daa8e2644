package packaging_test

import (
	"os"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

// A unit is the settings of a systemd unit, by name. It has the last value of a
// setting that is repeated.
type unit map[string]string

func parseUnit(text string) unit {
	u := make(unit)
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(name, "#") {
			u[name] = value
		}
	}
	return u
}

func TestUnit_RunsServeAsItsOwnUser(t *testing.T) {
	text, err := os.ReadFile("tokengraft.service")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"ExecStart":       "/usr/bin/tokengraft serve -c /etc/tokengraft/tokengraft.yaml",
		"ExecReload":      "/bin/kill -HUP $MAINPID",
		"User":            "tokengraft",
		"ProtectSystem":   "strict",
		"NoNewPrivileges": "yes",
		"StateDirectory":  "tokengraft",
	} {
		if got := parseUnit(string(text))[name]; got != want {
			t.Errorf("tokengraft.service: %s=%s, want %s", name, got, want)
		}
	}
}

func TestConfiguration_HasNoFault(t *testing.T) {
	c, err := config.Load("tokengraft.yaml", func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	if want := "/var/lib/tokengraft/keys"; string(c.Sign.Keys) != want {
		t.Errorf("sign.keys is %s, want %s, the only place that the unit lets the service write to", c.Sign.Keys, want)
	}
}
