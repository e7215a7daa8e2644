package credentials

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
)

// words are the words of a name that mean a credential, with their plurals. "passes" is
// missing, because it is also a word for tickets.
var words = setOf("password", "passwords", "passwd", "passwds", "pwd", "pwds", "pass", "passphrase", "passphrases", "passcode", "passcodes",
	"hash", "hashes", "salt", "salts", "secret", "secrets", "token", "tokens", "apikey", "apikeys", "privatekey", "privatekeys")

// pairs are two words in a row that mean a credential only together.
var pairs = setOf("api key", "api keys", "private key", "private keys", "recovery code", "recovery codes", "backup code", "backup codes")

// starts are how words of second factors start: mfaSecret, otpauth_url, totpSeed.
var starts = []string{"mfa", "otp", "totp"}

// ends are how words end that people join without a separator: userpassword,
// hashedpassword, accesstoken. No other English word ends like this.
var ends = []string{"password", "passwd", "accesstoken", "refreshtoken", "authtoken", "resettoken", "apitoken", "sessiontoken", "clientsecret", "passwordhash", "passwordsalt"}

func setOf(list ...string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, word := range list {
		set[word] = true
	}
	return set
}

// maxName limits the part of a name that is looked at. A longer name is the key of a map,
// and not the name of a field.
const maxName = 256

// IsName reports whether a name looks like that of a credential: API_KEY, apiKey,
// hashed-password, resetToken. Only whole words count, so compass, passport, hashtags and
// secretary do not.
func IsName(name string) bool { return isName([]byte(name)) }

// isName is [IsName] for the bytes of a name.
func isName(name []byte) bool {
	name = name[:min(len(name), maxName)]
	if !mayBeName(name) {
		return false
	}
	before := ""
	for part := range strings.FieldsFuncSeq(string(name), func(r rune) bool { return !unicode.IsLetter(r) }) {
		// A part as a whole, for names in any case: pASSWORD.
		if whole := strings.ToLower(part); isWord(whole) {
			return true
		}
		for word := range camelWords(part) {
			word = strings.ToLower(word)
			if isWord(word) || pairs[before+" "+word] {
				return true
			}
			before = word
		}
	}
	return false
}

// mayBeName reports whether a name has a part of a word of the list. It is fast, because
// nearly all names have none.
func mayBeName(name []byte) bool {
	for i, c := range name {
		for _, part := range parts[c|0x20] {
			if len(name)-i >= len(part) && bytes.EqualFold(name[i:i+len(part)], part) {
				return true
			}
		}
	}
	return false
}

// parts are such that every word of the lists has one, by their first letter.
var parts = [256][][]byte{
	'p': {[]byte("pass"), []byte("pwd")}, 'h': {[]byte("hash")}, 's': {[]byte("salt"), []byte("secret")}, 't': {[]byte("token")},
	'k': {[]byte("key")}, 'c': {[]byte("code")}, 'm': {[]byte("mfa")}, 'o': {[]byte("otp")},
}

func isWord(word string) bool {
	return words[word] ||
		slices.ContainsFunc(starts, func(start string) bool { return strings.HasPrefix(word, start) }) ||
		slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(word, end) })
}

// camelWords yields the words of a name in camel case. A run of capitals is a word:
// userAPIKey has the words user, API and Key.
func camelWords(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		letters := []rune(name)
		start := 0
		for i := 1; i < len(letters); i++ {
			begins := unicode.IsUpper(letters[i]) &&
				(!unicode.IsUpper(letters[i-1]) || i+1 < len(letters) && !unicode.IsUpper(letters[i+1]))
			if begins {
				if !yield(string(letters[start:i])) {
					return
				}
				start = i
			}
		}
		yield(string(letters[start:]))
	}
}
