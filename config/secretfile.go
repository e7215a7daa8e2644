package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// readSecrets reads the secrets that stand in files of their own. The line end
// that editors and echo leave at the end is no part of a secret.
func readSecrets(c *Config, r *report) {
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
		case !r.set(twin) || s.file == "":
			continue
		case r.set(s.path):
			r.fault(twin, fmt.Errorf("stands beside %s, want one of them", s.path))
			continue
		}
		text, err := readSecret(string(s.file))
		if err != nil {
			r.fault(twin, err)
			continue
		}
		*s.secret = NewSecret(text)
	}
}

func readSecret(name string) (string, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		if cause, ok := errors.AsType[*fs.PathError](err); ok {
			err = cause.Err // the path is named already
		}
		return "", &FileError{name, err}
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if text == "" {
		return "", &FileError{name, errors.New("is empty, want a secret")}
	}
	return text, nil
}
