package config_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/tokengraft/tokengraft/config"
)

func TestSecret_NeverPrints(t *testing.T) {
	const plain = "hunter2"
	secret := config.NewSecret(plain)
	type hidden struct{ inner config.Secret }
	values := map[string]any{
		"secret":  secret,
		"pointer": &secret,
		"config":  config.Config{AdminToken: secret},
		"hidden":  hidden{secret},
		"map":     map[string]config.Secret{"k": secret},
	}
	for name, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T", "%10.3s"} {
			wantHidden(t, plain, name+" with "+verb, fmt.Sprintf(verb, value))
		}
		for encoder, encode := range map[string]func(any) ([]byte, error){
			"json": json.Marshal, "yaml": func(v any) ([]byte, error) { return yaml.Marshal(v) },
		} {
			text, err := encode(value)
			if err != nil {
				t.Errorf("encoding %s with %s: %v, want no error", name, encoder, err)
			}
			wantHidden(t, plain, name+" with "+encoder, string(text))
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "value", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "value", value)
		wantHidden(t, plain, name+" with slog", log.String())
	}
	text, err := xml.Marshal(secret)
	if err != nil {
		t.Error(err)
	}
	wantHidden(t, plain, "xml", string(text))
	wantHidden(t, plain, "String", secret.String())
	if got := fmt.Sprint(secret); got != "[redacted]" {
		t.Errorf("Sprint = %s, want [redacted]", got)
	}
}

func wantHidden(t *testing.T, plain, how, printed string) {
	t.Helper()
	for _, shape := range []string{plain, fmt.Sprintf("%x", plain), fmt.Sprintf("%X", plain)} {
		if strings.Contains(printed, shape) {
			t.Errorf("%s prints %s, want it without the secret %s", how, printed, plain)
		}
	}
}

func TestSecret_RevealReturnsTheText(t *testing.T) {
	for _, text := range []string{"", "hunter2", " spaces kept\n"} {
		if got := config.NewSecret(text); got.Reveal() != text || got.IsZero() != (text == "") {
			t.Errorf("NewSecret(%q): Reveal() = %q, IsZero() = %v; want the text, %v", text, got.Reveal(), got.IsZero(), text == "")
		}
	}
}
