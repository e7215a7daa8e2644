package keys_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// A key prints its kid and its algorithm, with every verb.
func TestKey_IsNeverPrinted(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	ring := open(t, keys.Options{Secret: []byte(enrichtest.Secret)}, nil)
	key := signer(t, ring, token(issuer))
	for _, verb := range strings.Fields("%v %+v %#v %t %b %c %d %o %O %q %x %X %#x %U %e %E %f %F %g %G %s %10.30s %+q %z") {
		if got, want := fmt.Sprintf(verb, key), "key  HS256"; got != want {
			t.Errorf("%s prints %s, want %s", verb, got, want)
		}
		if got := fmt.Sprintf(verb, []any{key}); strings.Contains(got, "secret") || strings.Contains(got, "115 101 99 114 101 116") {
			t.Errorf("%s prints %s in a list, want it without the secret", verb, got)
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "key", key)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "key", key)
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the log is %s, want it without the secret", log.String())
	}
}
