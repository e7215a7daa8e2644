package credentials

import (
	"encoding/base64"
	"strings"
	"testing"
)

// hash stands for the rest of a hash or a key.
var hash = strings.Repeat("Ab3", 30)

func TestValue_OfACredentialIsRecognized(t *testing.T) {
	for _, value := range []string{
		"$2$10$" + hash, "$2a$10$" + hash, "$2b$12$" + hash, "$2y$10$" + hash, " \n$2b$12$" + hash, "$2a$",
		"$argon2id$v=19$m=65536,t=3,p=4$" + hash, "$argon2i$" + hash, "argon2$argon2id$" + hash,
		"$scrypt$ln=16,r=8,p=1$" + hash, "scrypt:32768:8:1$" + hash, "scrypt$16384$" + hash, "$7$C6..../...." + hash,
		"$pbkdf2-sha256$29000$" + hash, "pbkdf2_sha256$600000$" + hash, "pbkdf2:sha256:260000$" + hash, "$pbkdf2$" + hash,
		"bcrypt_sha256$$2b$12$" + hash, "AQAAAAIAAYagAAAAE" + hash,
		"$1$salt$" + hash, "$5$rounds=5000$" + hash, "$6$" + hash, "$y$j9T$" + hash, "$P$B" + hash, "$apr1$" + hash,
		"{SSHA}" + hash, "{ssha512}" + hash, "{CRYPT}$6$" + hash, "{bcrypt}$2a$10$" + hash, "{PBKDF2-SHA256}" + hash,
		"-----BEGIN PRIVATE KEY-----\nMII", "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----", "PuTTY-User-Key-File-3: ssh-ed25519", "AGE-SECRET-KEY-1" + hash,
		"sk_live_" + hash, "ghp_" + hash, "github_pat_" + hash, "xoxb-1234-" + hash, "AKIAIOSFODNN7EXAMPLE", "AIza" + hash, "glpat-" + hash,
		base64.StdEncoding.EncodeToString([]byte("$2b$12$" + hash)), base64.StdEncoding.EncodeToString([]byte("-----BEGIN PRIVATE KEY-----")),
		base64.StdEncoding.EncodeToString([]byte("$argon2id$v=19$" + hash)), base64.StdEncoding.EncodeToString([]byte("scrypt\x00\x0e\x00\x00\x00" + hash)),
	} {
		if !isValue(value) || !mayBeValue(value[0]) {
			t.Errorf("%q does not look like a credential, want that it does", value)
		}
	}
}

func TestValue_OfAnythingElseIsNot(t *testing.T) {
	for _, value := range []string{
		"", " ", "$", "$2", "$2$", "$2$ off for all who come before the end of the month", "$2a", "$5$ off", "$5$ for everyone who orders before the end of this month", "$1$", "$100", "{", "{}", "{SHA}", "{md5}.jpg", "{name} is a placeholder in a text",
		"scrypt: an introduction", "scrypt:", "pbkdf2 is a function", "argon2", "-----", "--- BEGIN", "sk_live_", "ghp_x", "AKIA", "AKIAKAMI is a name of a person", "SG.", "xoxo", "JDJ", "LS0tLS1",
		"AKIAs and other words that are long", "JDJ" + hash, "LS0tLS1CRUdJTi" + "\x00" + hash,
		// Long random texts: ids, checksums, signed links, images.
		"62efedca3587e6e83c0fc675", "550e8400-e29b-41d4-a716-446655440000", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", hash,
		"data:image/png;base64," + hash, "https://cdn.example.com/a/" + hash,
	} {
		if isValue(value) {
			t.Errorf("%q looks like a credential, want that it does not", value)
		}
	}
}
