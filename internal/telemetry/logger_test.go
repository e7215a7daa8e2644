package telemetry

import (
	"io"
	"testing"
)

func TestNewLogger_RefusesUnknownWords(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"LOG_LEVEL", "loud", `LOG_LEVEL is "loud"; set it to debug, info, warn or error`},
		{"LOG_FORMAT", "xml", `LOG_FORMAT is "xml"; set it to text or json`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv(test.name, test.value)
			if _, _, err := NewLogger(io.Discard); err == nil || err.Error() != test.want {
				t.Errorf("NewLogger with %s=%s: error %v, want %s", test.name, test.value, err, test.want)
			}
		})
	}
}
