package config

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

const redacted = "[redacted]"

// A Secret is text that does not appear in logs, errors or dumps: every way to
// print it writes [redacted]. Only [Secret.Reveal] returns the text. The zero Secret
// is empty.
type Secret struct {
	// text is a pointer, so that a printer that uses reflection instead of the
	// methods, as fmt does for unexported fields, shows only an address.
	text *string
}

// NewSecret returns a secret of this text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text itself.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.text == nil }

// UnmarshalText takes the text as it is.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}

var _ = yamlbind.Describe[Secret](yamlbind.Scalar{Want: "a secret", AnyText: true})

// MarshalText implements [encoding.TextMarshaler], which JSON, XML and YAML
// encoders use.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// String implements [fmt.Stringer].
func (s Secret) String() string { return redacted }

// Format implements [fmt.Formatter] for every verb, %#v and %x included.
func (s Secret) Format(state fmt.State, _ rune) { io.WriteString(state, redacted) }

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
