package discover

import (
	"encoding/json"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// claimText returns a claim that is a string or a number as a text.
func claimText(value []byte) (string, bool) {
	if text, ok := jsonedit.Unquote(value); ok {
		return text, true
	}
	var number json.Number
	if len(value) > 0 && value[0] != '"' && json.Unmarshal(value, &number) == nil {
		return number.String(), true
	}
	return "", false
}

// claimTexts returns a claim that is a string or a list of strings.
func claimTexts(value []byte) []string {
	if text, ok := jsonedit.Unquote(value); ok {
		return []string{text}
	}
	var texts []string
	if json.Unmarshal(value, &texts) != nil {
		return nil
	}
	return texts
}

// A Purpose is what a token is for, as its claims say it.
type Purpose string

const (
	unknownPurpose Purpose = ""
	accessPurpose  Purpose = "access"
	idPurpose      Purpose = "id"
	refreshPurpose Purpose = "refresh"
	otherPurpose   Purpose = "other"
)

// purposeOf returns what a token is for, and the claim or header that says so.
func purposeOf(t *enrich.Token) (Purpose, string) {
	typ, _ := t.Type()
	for _, said := range []struct{ name, value string }{
		{"typ", textClaim(t, "typ")}, {"token_use", textClaim(t, "token_use")}, {"token_type", textClaim(t, "token_type")}, {"tokenType", textClaim(t, "tokenType")},
		{"type", textClaim(t, "type")}, {"use", textClaim(t, "use")}, {"purpose", textClaim(t, "purpose")}, {"the header typ", typ},
	} {
		switch word := strings.ToLower(said.value); {
		case strings.Contains(word, "refresh"), word == "offline", word == "rt+jwt":
			return refreshPurpose, said.name
		case word == "id", word == "id_token", word == "id+jwt":
			return idPurpose, said.name
		case word == "access", word == "access_token", word == "at+jwt", word == "bearer":
			return accessPurpose, said.name
		case strings.Contains(word, "csrf"), strings.Contains(word, "logout"), strings.Contains(word, "dpop"), strings.HasPrefix(word, "oauth-authz-req"), word == "secevent+jwt":
			return otherPurpose, said.name
		}
	}
	for _, name := range []string{"at_hash", "c_hash", "s_hash"} {
		if t.Claim(name) != nil {
			return idPurpose, name
		}
	}
	if t.Claim("nonce") != nil && t.Claim("scope") == nil && t.Claim("scp") == nil {
		return idPurpose, "nonce"
	}
	return unknownPurpose, ""
}

func textClaim(t *enrich.Token, name string) string {
	text, _ := jsonedit.Unquote(t.Claim(name))
	return text
}

// namesUser reports whether a token has a claim that could say who the user is.
func namesUser(t *enrich.Token) bool {
	for name, value := range t.Claims() {
		words := wordsOf(name)
		switch last := words[max(0, len(words)-1):]; {
		case len(last) == 0, name == "jti", name == "aud", name == "sid", name == "kid", name == "client_id":
		case last[0] == "sub", last[0] == "uid", last[0] == "id", last[0] == "userid", last[0] == "user", last[0] == "email", last[0] == "username", last[0] == "login", last[0] == "upn", last[0] == "oid", last[0] == "account", last[0] == "name":
			if _, ok := claimText(value); ok || len(value) > 0 && value[0] == '{' {
				return true
			}
		}
	}
	return false
}
