package config

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// Redact returns the text of a configuration with [redacted] instead of each secret: the
// values of settings for secrets, also in comments and under names that look like one, and
// names and passwords in URLs. A value that is only ${NAME} stays. It returns an error if
// a secret cannot be hidden for certain.
func Redact(text []byte) ([]byte, error) { return redactor.Redact(text) }

// RedactSince is [Redact], but a secret that differs from the one of an earlier text is
// [redacted, changed].
func RedactSince(text, before []byte) ([]byte, error) { return redactor.RedactSince(text, before) }

// Unredact is the opposite of [Redact]. It returns the text of a draft with the secrets of
// the text that the draft was made from. The error is [Faults]: the places where
// [redacted] stands for no secret.
func Unredact(file string, draft, base []byte) ([]byte, error) {
	text, found := redactor.Restore(draft, base)
	var faults Faults
	for _, f := range found {
		faults = append(faults, FieldError{file, f.Line, f.Column, f.Path, f.Err})
	}
	if faults != nil {
		return nil, faults
	}
	return text, nil
}

// Secrets returns the secrets of the configuration by their paths, wherever they come
// from.
func (c *Config) Secrets() map[string]Secret {
	secrets := map[string]Secret{}
	yamlbind.Walk(c, func(path string, scalar any) {
		if s, ok := scalar.(Secret); ok && !s.IsZero() {
			secrets[path] = s
		}
	})
	return secrets
}

var redactor = yamlbind.Redactor{Mark: redacted, Secret: namesSecret}

// settingNames says of each name of a setting whether it is the name of a secret.
var settingNames = namesIn(reflect.TypeFor[Config](), map[string]bool{})

// namesIn adds the names of the settings of a section.
func namesIn(section reflect.Type, names map[string]bool) map[string]bool {
	for _, f := range yamlbind.Fields(section) {
		of := f.Type
		for of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		names[f.Setting] = names[f.Setting] || of == reflect.TypeFor[Secret]()
		if _, scalar := yamlbind.ScalarOf(of); !scalar && of.Kind() == reflect.Struct {
			namesIn(of, names)
		}
	}
	return names
}

// looksSecret matches names of settings that do not exist, but were probably meant as a
// secret.
var looksSecret = regexp.MustCompile(`(?i)secret|token|passw|credential|api_?key|^ur[il]$`)

// namesSecret reports whether a setting is a secret, by its name.
func namesSecret(key string) bool {
	secret, known := settingNames[strings.ToLower(key)]
	return secret || !known && (looksSecret.MatchString(key) || yamlbind.Resembles(key, "admin_token", "secret"))
}
