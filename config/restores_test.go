package config_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

func TestRestores_AutoIsOnWithOwnKeys(t *testing.T) {
	for name, want := range map[string]bool{
		"testdata/minimal.txtar":      true,
		"testdata/backend-key.txtar":  false,
		"testdata/secret-files.txtar": true,
		"testdata/full.txtar":         true,
		"testdata/environment.txtar":  false,
	} {
		cfg, err := load(t, open(t, name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := cfg.Restores(); got != want {
			t.Errorf("%s: Restores with restore %s and keys %q = %v, want %v", name, cfg.Restore.Mode, cfg.Sign.Keys, got, want)
		}
	}
}

// D5: a backend that makes its next token from the one it gets would copy our claims.
func TestRestores_AutoIsOnWithASecret(t *testing.T) {
	secret := config.Verify{Secret: config.NewSecret("s")}
	for _, tt := range []struct {
		cfg  config.Config
		want bool
	}{
		{config.Config{Restore: config.Restore{Mode: config.Auto}, Verify: secret}, true},
		{config.Config{Restore: config.Restore{Mode: config.Off}, Verify: secret}, false},
		{config.Config{Restore: config.Restore{Mode: config.Auto}, Sign: config.Sign{BackendKey: "backend.key"}}, false},
		{config.Config{Restore: config.Restore{Mode: config.On}, Sign: config.Sign{BackendKey: "backend.key"}}, true},
		{config.Config{Restore: config.Restore{Mode: config.Auto}, Sign: config.Sign{BackendKey: "backend.key"}, Verify: secret}, true}, // for the tokens of the secret
	} {
		if got := tt.cfg.Restores(); got != tt.want {
			t.Errorf("Restores with restore %s, the secret %v and backend_key %q = %v, want %v", tt.cfg.Restore.Mode, !tt.cfg.Verify.Secret.IsZero(), tt.cfg.Sign.BackendKey, got, tt.want)
		}
	}
}

func TestRestores_AutoIsOnWithOIDC(t *testing.T) {
	for _, enabled := range []bool{true, false} {
		cfg := config.Config{Restore: config.Restore{Mode: config.Auto}, OIDC: config.OIDC{Enabled: enabled}}
		if got := cfg.Restores(); got != enabled {
			t.Errorf("Restores with restore auto and oidc %v = %v, want %[1]v", enabled, got)
		}
	}
}
