package credentials

import (
	"encoding/base64"
	"strings"
)

// A mark is how a credential starts, and how long it is at least.
type mark struct {
	start string
	min   int
}

// marks are the starts of hashes and keys, by their first byte. The crypt formats with
// short starts need their length too, because "$5$" can start a text about prices. Keys
// of services are listed only if the service gave them a start by which scanners find
// them.
var marks = byFirst(
	// bcrypt; argon2; scrypt; PBKDF2.
	mark{"$2$", 30}, mark{"$2a$", 0}, mark{"$2b$", 0}, mark{"$2x$", 0}, mark{"$2y$", 0},
	mark{"$argon2", 0}, mark{"argon2$", 0}, mark{"$bcrypt-sha256$", 0}, mark{"bcrypt$", 0}, mark{"bcrypt_sha256$", 0},
	mark{"$scrypt$", 0}, mark{"scrypt$", 0}, mark{"scrypt:", 20}, mark{"$s0$", 20}, mark{"$s1$", 20}, mark{"$7$", 30},
	mark{"$pbkdf2", 0}, mark{"pbkdf2$", 0}, mark{"pbkdf2:sha", 0}, mark{"pbkdf2_sha", 0}, mark{"pbkdf2-sha", 20},
	// ASP.NET Identity: PBKDF2, its parameters and the length of the salt.
	mark{"AQAAAAEAACcQAAAAE", 0}, mark{"AQAAAAIAAYagAAAAE", 0},
	// crypt(3), and the hashes of WordPress, phpBB and Apache.
	mark{"$1$", 30}, mark{"$5$", 30}, mark{"$6$", 30}, mark{"$y$", 30}, mark{"$gy$", 30}, mark{"$sha1$", 30},
	mark{"$P$", 30}, mark{"$H$", 30}, mark{"$apr1$", 30},
	// Private keys, and everything else in a PEM block.
	mark{"-----BEGIN", 0}, mark{"PuTTY-User-Key-File-", 0}, mark{"AGE-SECRET-KEY-1", 40},
	// Keys of Stripe, GitHub, GitLab, Slack, AWS, Google, SendGrid, npm, PyPI and others.
	mark{"sk_live_", 20}, mark{"sk_test_", 20}, mark{"rk_live_", 20}, mark{"rk_test_", 20}, mark{"whsec_", 30},
	mark{"ghp_", 36}, mark{"gho_", 36}, mark{"ghu_", 36}, mark{"ghs_", 36}, mark{"ghr_", 36}, mark{"github_pat_", 40}, mark{"glpat-", 26},
	mark{"xoxb-", 20}, mark{"xoxp-", 20}, mark{"xoxa-", 20}, mark{"xoxr-", 20}, mark{"xoxs-", 20}, mark{"xapp-", 20},
	mark{"AKIA", 20}, mark{"ASIA", 20}, mark{"AIza", 39}, mark{"SG.", 60}, mark{"npm_", 40}, mark{"pypi-AgE", 40},
	mark{"sk-ant-", 40}, mark{"sk-proj-", 40}, mark{"dop_v1_", 40}, mark{"hvs.", 24}, mark{"shpat_", 32},
)

// encoded are the starts of the base64 of bcrypt, argon2, scrypt, PBKDF2 and PEM, as
// binary values and Kubernetes write them. The text is decoded to make sure.
var encoded = []string{"JDJ", "JGFyZ29u", "JHNjcnlwd", "JHBia2Rm", "LS0tLS1CRUdJTi"}

// schemes are the names in braces before a hash, as in LDAP and Spring Security.
var schemes = setOf("ssha", "ssha224", "ssha256", "ssha384", "ssha512", "sha", "sha256", "sha384", "sha512", "smd5", "md5", "crypt", "bcrypt",
	"argon2", "argon2i", "argon2d", "argon2id", "scrypt", "pbkdf2", "pbkdf2-sha1", "pbkdf2-sha256", "pbkdf2-sha512")

func byFirst(list ...mark) (table [256][]mark) {
	for _, m := range list {
		table[m.start[0]] = append(table[m.start[0]], m)
	}
	return table
}

// mayBeValue reports whether a text that starts with this byte can be a credential.
func mayBeValue(first byte) bool {
	switch first {
	case '{', 'J', 'L', 'c', '\\', ' ', '\t', '\n', '\r':
		return true
	}
	return marks[first] != nil
}

// isValue reports whether a text starts like a credential.
func isValue(text string) bool {
	text = strings.TrimLeft(text, " \t\r\n")
	if text == "" {
		return false
	}
	for _, m := range marks[text[0]] {
		if strings.HasPrefix(text, m.start) && isLong(text, m.min) {
			return true
		}
	}
	switch text[0] {
	case '{':
		return hasScheme(text)
	case 'J', 'L':
		return isEncoded(text)
	case 'c': // the header of scrypt's own format, "scrypt" and a zero
		return strings.HasPrefix(text, "c2NyeXB0A") && isLong(text, 100)
	}
	return false
}

// isLong reports whether a text has at least this length and, if it has to have one, no
// spaces. Prose has spaces.
func isLong(text string, least int) bool {
	return len(text) >= least && (least == 0 || !strings.ContainsAny(text[:least], " \t\r\n"))
}

func hasScheme(text string) bool {
	const shortest = 16 // of a hash
	scheme, hash, ok := strings.Cut(text[1:min(len(text), 64)], "}")
	return ok && schemes[strings.ToLower(scheme)] && isLong(hash, shortest)
}

func isEncoded(text string) bool {
	const enough = 24 // characters of base64, for 18 bytes
	if len(text) < enough {
		return false
	}
	for _, start := range encoded {
		if strings.HasPrefix(text, start) {
			decoded, err := base64.StdEncoding.DecodeString(text[:enough])
			return err == nil && isValue(string(decoded))
		}
	}
	return false
}
