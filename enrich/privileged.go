package enrich

import (
	"errors"
	"slices"
	"strings"
	"unicode"
)

// ErrPrivilegedName means that resource servers may decide access by a claim with
// this name.
var ErrPrivilegedName = errors.New("is a name by which resource servers decide access")

// privilegedNames are claims by which identity providers and frameworks decide
// access, without separators and in lower case. One that ends in a word of
// privilegedWords is not listed.
var privilegedNames = []string{
	"scp", "realmaccess", "resourceaccess", "authorizationdetails", // OAuth, Keycloak
	"appmetadata", "usermetadata", // Auth0, Supabase, Netlify
	"isstaff", "staff", "issuperuser", // Django
	"wids", "hasgroups", "acrs", // Entra ID
	"claims", // https://hasura.io/jwt/claims
	"access", "accesslevel", "userlevel", "clearance", "allow", "allowed",
}

// privilegedWords are nouns that make a claim privileged if its name ends in one of
// them, such as user_role or tenantAdmin.
var privilegedWords = []string{
	"role", "roles", "group", "groups", "permission", "permissions", "perm", "perms",
	"scope", "scopes", "entitlement", "entitlements", "authority", "authorities", "privilege", "privileges",
	"acl", "acls", "admin", "admins", "administrator", "superuser", "root", "sudo", "owner",
	"rights", "grants", "capability", "capabilities", "policy", "policies",
}

// isPrivileged reports whether access may be decided by a claim of this name, in any
// case and in any namespace: a URL, a URN, a prefix before a colon or a dot.
func isPrivileged(name string) bool {
	if strings.Contains(strings.ToLower(name), "x-hasura-") {
		return true
	}
	words := wordsOf(lastSegment(name))
	if len(words) == 0 {
		return false
	}
	return slices.Contains(privilegedWords, words[len(words)-1]) ||
		slices.Contains(privilegedWords, strings.Join(words, "")) ||
		slices.Contains(privilegedNames, strings.Join(words, ""))
}

// lastSegment returns a name without its namespace.
func lastSegment(name string) string {
	segments := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("/:.#?&=|@!~", r) })
	if len(segments) == 0 {
		return ""
	}
	return segments[len(segments)-1]
}

// wordsOf returns the words of a name in lower case. A capital after a small letter,
// and everything that is not a letter, starts a new one: userRole, user_role and
// USER-ROLE are the same words.
func wordsOf(name string) []string {
	var spaced strings.Builder
	small := false
	for _, r := range name {
		if small && unicode.IsUpper(r) {
			spaced.WriteByte(' ')
		}
		small = unicode.IsLower(r)
		spaced.WriteRune(r)
	}
	return strings.FieldsFunc(strings.ToLower(spaced.String()), func(r rune) bool { return !unicode.IsLetter(r) })
}
