package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"strings"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// readSecrets reads the secrets that are in files, without the line end that editors
// and echo add.
func readSecrets(c *Config, r *yamlbind.Report) {
	c.read = maps.Clone(c.read) // a copy of the configuration shares the map
	for _, s := range []struct {
		path   string
		secret *Secret
		file   Path
	}{
		{"admin_token", &c.AdminToken, c.AdminTokenFile},
		{"verify.secret", &c.Verify.Secret, c.Verify.SecretFile},
		{"user_creation.webhook.secret", &c.UserCreation.Webhook.Secret, c.UserCreation.Webhook.SecretFile},
		{"documents.mongodb.uri", &c.Documents.MongoDB.URI, c.Documents.MongoDB.URIFile},
	} {
		twin := s.path + "_file"
		switch {
		case !r.Set(twin) || s.file == "":
			continue
		case r.Set(s.path) && (s.secret.IsZero() || *s.secret != c.read[s.path]):
			r.Fault(twin, fmt.Errorf("cannot be combined with %s; remove one of them", s.path))
			continue
		}
		text, err := readSecret(string(s.file))
		if err != nil {
			r.Fault(twin, err)
			continue
		}
		*s.secret = NewSecret(text)
		if c.read == nil {
			c.read = map[string]Secret{}
		}
		c.read[s.path] = *s.secret
	}
}

func readSecret(name string) (string, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		if cause, ok := errors.AsType[*fs.PathError](err); ok {
			err = cause.Err // FileError names the path
		}
		return "", &FileError{name, err}
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if text == "" {
		return "", &FileError{name, errors.New("is empty; write the secret into it")}
	}
	return text, nil
}
