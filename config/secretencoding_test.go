package config_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

func TestSecretKey_IsTheDecodedText(t *testing.T) {
	for _, tt := range []struct {
		text     string
		encoding config.SecretEncoding
		want     string // empty: an error
	}{
		{"aGk/aGk+", "", "aGk/aGk+"},
		{"aGk/aGk+", config.TextSecret, "aGk/aGk+"},
		{"aGk/aGk+", config.Base64Secret, "hi?hi>"},
		{"aGk_aGk-", config.Base64URLSecret, "hi?hi>"},
		{"aGk=", config.Base64Secret, "hi"},
		{"aGk", config.Base64Secret, "hi"},
		{"aGk=", config.Base64URLSecret, "hi"},
		{"aG\r\nk=\n", config.Base64Secret, "hi"},
		{"6869", config.HexSecret, "hi"},
		{"6A6b", config.HexSecret, "jk"},
		{"aGk_aGk-", config.Base64Secret, ""},
		{"aGk/aGk+", config.Base64URLSecret, ""},
		{"hunter", config.HexSecret, ""},
		{"686", config.HexSecret, ""},
		{"hunte", config.Base64Secret, ""},
		{"==", config.Base64Secret, ""},
	} {
		v := config.Verify{Secret: config.NewSecret(tt.text), SecretEncoding: tt.encoding}
		got, err := v.SecretKey()
		if string(got) != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("SecretKey of %q as %q = %q, %v; want %q", tt.text, tt.encoding, got, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), tt.text) {
			t.Errorf("SecretKey of %q as %q: the error %q contains the secret", tt.text, tt.encoding, err)
		}
	}
	if key, err := (config.Verify{SecretEncoding: config.HexSecret}).SecretKey(); key != nil || err != nil {
		t.Errorf("SecretKey without a secret = %q, %v; want nil", key, err)
	}
}

func TestOtherSecretKeys_AreTheReadingsThatArePossible(t *testing.T) {
	v := config.Verify{Secret: config.NewSecret("6869"), SecretEncoding: config.TextSecret}
	others := v.OtherSecretKeys()
	if len(others) != 3 || !bytes.Equal(others["hex"], []byte("hi")) || len(others["base64"]) != 3 || len(others["base64url"]) != 3 {
		t.Errorf("OtherSecretKeys of hex as text = %q, want base64, base64url and hex", others)
	}
	v = config.Verify{Secret: config.NewSecret("aGk/"), SecretEncoding: config.Base64Secret}
	if others := v.OtherSecretKeys(); len(others) != 1 || string(others["text"]) != "aGk/" {
		t.Errorf("OtherSecretKeys of base64 = %q, want only the text", others)
	}
}
