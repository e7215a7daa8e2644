package keys_test

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// A secret in another encoding verifies nothing, but is named.
func TestSecret_NamesTheEncodingThatWouldVerify(t *testing.T) {
	text := base64.StdEncoding.EncodeToString([]byte(enrichtest.Secret))
	var log bytes.Buffer
	ring := open(t, keys.Options{Secret: []byte(text)}, func(o *keys.Options) {
		o.Encodings = map[string][]byte{"base64": []byte(enrichtest.Secret), "hex": []byte("other")}
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	decoding, reading, stranger := enrichtest.NewIssuer(t, "HS256"), enrichtest.NewIssuer(t, "HS256"), enrichtest.NewIssuer(t, "HS256")
	reading.Private, stranger.Private = []byte(text), []byte("a secret of someone else, with 32 bytes")
	expect(t, ring, token(reading), good)
	const hint = "With verify.secret_encoding: base64 the secret verifies it"
	for range 2 {
		_, err := verify(t, ring, token(decoding))
		if verdict(err) != badToken || !strings.Contains(err.Error(), hint) {
			t.Errorf("Verify = %v, want %s with %q", err, badToken, hint)
		}
	}
	if _, err := verify(t, ring, token(stranger)); verdict(err) != badToken || strings.Contains(err.Error(), "secret_encoding") {
		t.Errorf("Verify of a stranger's token = %v, want %s without a hint", err, badToken)
	}
	if got := log.String(); strings.Count(got, "WARN") != 1 || !strings.Contains(got, "verify.secret_encoding=base64") || strings.Contains(got, text) {
		t.Errorf("log %s, want one warning with the encoding and without the secret", got)
	}
}
