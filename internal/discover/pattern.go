package discover

import (
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/tokengraft/tokengraft/proxy"
)

// A shape makes a path into the path of a pattern of net/http's ServeMux: segments that
// name a user, an object or a provider become wildcards.
type shape struct {
	// personal are texts of this session that say who somebody is, in lower case. claimed
	// are those of them that are in tokens.
	personal, claimed map[string]bool
}

// pattern returns the pattern of a request.
func (s shape) pattern(method, escaped string) string { return method + " " + s.path(escaped) }

func (s shape) path(escaped string) string {
	clean := path.Clean("/" + escaped)
	if clean == "/" {
		return "/{$}"
	}
	segments := strings.Split(clean[1:], "/")
	ids := 0
	for i, segment := range segments {
		name := ""
		switch {
		case s.isID(segments[:i], segment):
			if ids++; ids == 1 {
				name = "id"
			} else {
				name = "id" + strconv.Itoa(ids)
			}
		case isProvider(segment) && !slices.Contains(segments, "{provider}"):
			name = "provider"
		}
		if name != "" {
			segments[i] = "{" + name + "}"
		} else {
			segments[i] = escapeSegment(segment)
		}
	}
	if strings.HasSuffix(escaped, "/") {
		segments = append(segments, "{$}") // otherwise the pattern would be for all paths below it
	}
	return "/" + strings.Join(segments, "/")
}

// shownPath returns a path for the progress, without what says who somebody is.
func (s shape) shownPath(escaped string) string {
	return proxy.RedactPath(strings.TrimSuffix(s.path(escaped), "{$}"))
}

// isID reports whether a segment says which user or object it is, and not what.
func (s shape) isID(before []string, segment string) bool {
	text := unescapePath(segment)
	switch {
	case isRouteWord(text):
		return false
	case s.personal[strings.ToLower(text)], proxy.RedactPath(text) != text, strings.Trim(text, "0123456789") == "":
		return true
	}
	return len(before) > 0 && isCollection(before[len(before)-1])
}

// isCollection reports whether a segment is followed by the name of a user.
func isCollection(segment string) bool {
	return slices.Contains([]string{"users", "user", "accounts", "members", "customers", "people", "profiles", "u"}, strings.ToLower(segment))
}

// isRouteWord reports whether a segment is a usual word of routes of login services. It is
// never taken for the name of a user.
func isRouteWord(segment string) bool {
	if isLogoutPath(segment) {
		return true
	}
	words := wordsOf(segment)
	return len(words) > 0 && !slices.ContainsFunc(words, func(word string) bool { return !routeWords[word] })
}

var routeWords = setOf("api", "auth", "oauth", "oauth2", "oidc", "sso", "saml", "connect", "login", "logins", "log", "in", "out", "up", "sign", "signin", "signup", "signon",
	"token", "tokens", "jwt", "session", "sessions", "refresh", "renew", "extend", "exchange", "register", "registration", "password", "forgot", "reset", "verify", "confirm",
	"callback", "authorize", "authorization", "authenticate", "introspect", "userinfo", "me", "self", "current", "profile", "account", "user", "users", "v1", "v2", "v3", "v4",
	"admin", "guest", "anonymous", "anon", "magic", "link", "otp", "mfa", "2fa", "totp", "webauthn", "passkey", "passkeys", "local", "provider", "providers", "email", "new", "create", "json", "php", "rest", "public", "identity", "access", "well", "known", "and", "with")

func setOf(words ...string) map[string]bool {
	set := map[string]bool{}
	for _, word := range words {
		set[word] = true
	}
	return set
}

// isProvider reports whether a segment is the name of a well-known identity provider.
func isProvider(segment string) bool { return providers[strings.ToLower(segment)] }

var providers = setOf("google", "github", "gitlab", "bitbucket", "facebook", "apple", "twitter", "microsoft", "azure", "azuread", "linkedin", "discord", "slack", "okta", "auth0", "twitch", "spotify", "keycloak")

func unescapePath(segment string) string {
	if text, err := url.PathUnescape(segment); err == nil {
		return text
	}
	return segment
}

// escapeSegment writes a segment so that ServeMux takes no character of it for a part of
// its syntax.
func escapeSegment(segment string) string { return url.PathEscape(unescapePath(segment)) }
