package sidecar

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/tokengraft/tokengraft/config"
)

// minSecret is how long a secret must be, so that finding it in a text means something.
const minSecret = 6

// shown returns a text of the configuration without secrets. It returns an error if they
// cannot be hidden for certain.
func (c *configurator) shown(text []byte, also ...*config.Config) (string, error) {
	redacted, err := config.Redact(text)
	if err != nil {
		return "", err
	}
	return string(redacted), c.withoutSecrets(string(redacted), also...)
}

// withoutSecrets checks that a text has none of the secrets of the running configuration
// and of others.
func (c *configurator) withoutSecrets(text string, also ...*config.Config) error {
	for _, cfg := range append(also, c.sidecar.current().cfg) {
		if cfg == nil {
			continue
		}
		for path, secret := range cfg.Secrets() {
			if value := secret.Reveal(); len(value) >= minSecret && strings.Contains(text, value) {
				return errors.New(path + " is also in another part of the file")
			}
		}
	}
	return nil
}

// diff returns a unified diff of two texts without secrets. If they cannot be hidden, it
// says why.
func (c *configurator) diff(path string, before, after []byte, also ...*config.Config) string {
	old, err := c.shown(before, also...)
	if err != nil {
		return hidden(err)
	}
	redacted, err := config.RedactSince(after, before)
	if err == nil {
		err = c.withoutSecrets(string(redacted), also...)
	}
	if err != nil {
		return hidden(err)
	}
	name := filepath.Base(path)
	text := string(diff.Diff(name, []byte(old), name, redacted))
	if _, rest, ok := strings.Cut(text, "\n"); ok && strings.HasPrefix(text, "diff ") {
		text = rest
	}
	return text
}

// hidden stands for a text that cannot be shown.
func hidden(err error) string {
	return "# This text is not shown, because it has secrets: " + err.Error() + ".\n"
}
