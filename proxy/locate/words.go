package locate

import (
	"slices"
	"strings"
)

// A WordList is one of the lists by which [Request.Classify] decides. Letters count, in any
// case: refresh_token, refreshToken and Refresh-Token have the letters refreshtoken.
type WordList struct {
	Where string   // what has the words
	Match string   // is, contains, ends with or starts with
	Words []string // in lower case
	Means string   // what follows from it
}

// RefreshWords returns the lists by which [Request.Classify] tells refreshes from logins.
// The page docs/configuration.md has them as a table.
func RefreshWords() []WordList {
	return []WordList{
		{"the field `grant_type`", "is", []string{refreshGrant}, "a refresh; any other `grant_type` is a login"},
		{"a field or a cookie", "contains", []string{refreshWord}, "a refresh, if there is no `grant_type`, and nothing else could sign a user in"},
		{"the last segment of the path", "contains", refreshWords, "a refresh, if there is no `grant_type` and no credential"},
		{"a value, the name of a header, the scheme of `Authorization`", "contains", refreshWords, "neither clearly a refresh nor a login: both"},
		{"a field or a cookie", "contains", credentials, credentialMeans},
		{"a field or a cookie", "is", credentialNames, credentialMeans},
		{"a field or a cookie", "ends with", []string{credentialEnd}, credentialMeans},
		{"a field", "is", clientCredentials, "a credential of the client, not of a user"},
		{"a field", "is", harmless, "nothing: it cannot sign a user in"},
		{"a cookie", "starts with", harmlessCookies, "nothing: it cannot sign a user in"},
		{"a header", "contains", append(slices.Clone(credentialHeaders), otpWord), "a credential, unless the name has " + quoted(forgeryWords) + " or `" + refreshWord + "` in it"},
		{"the last segment of the path", "contains", anonymousWords, "logins without a credential: a refresh only by `grant_type`"},
	}
}

const credentialMeans = "a credential: with a sign of a refresh the request is both"

// refreshWord in a name, and refreshWords in a path or a value, say refresh.
const refreshWord = "refresh"

var refreshWords = []string{refreshWord, "renew"}

// credentials are parts of the letters of fields with which a user signs in,
// credentialNames all of them, credentialEnd their end.
var (
	credentials     = []string{"pass", "pwd", "secret", otpWord, "login", "username", "email", "phonenumber", "identifier", "credential"}
	credentialNames = []string{"pw", "pin", "user", "mail", "phone", "mobile", "assertion", "ticket", "samlresponse", "signature"}
)

const (
	credentialEnd = "code"
	otpWord       = "otp"
)

// clientCredentials are the letters of fields with which a client signs in.
var clientCredentials = []string{"clientsecret", "clientassertion", "clientassertiontype"}

// harmless are the letters of fields that cannot be credentials.
var harmless = []string{
	"clientid", "organization", "scope", "scopes", "audience", "resource", "mode", "returnsecuretoken", "redirecturi", "tenant", "realm", "locale", "lang",
	"csrf", "csrftoken", "xsrftoken", "csrfmiddlewaretoken", "authenticitytoken", "requestverificationtoken", "utf",
}

// harmlessCookies are what the names of cookies start with that cannot be credentials.
var harmlessCookies = []string{"_ga", "_gid", "_gat", "_fbp", "csrf", "xsrf", "_csrf", "__host-csrf", "lang", "locale", "theme", "consent", "cookieconsent"}

var credentialHeaders = []string{
	"authorization", "apikey", "token", "password", "secret", "session", "credential", "assertion", "xauth", "username", "userid", "login", "email", "signature",
}

// forgeryWords are in the names of headers that protect from forged requests.
var forgeryWords = []string{"csrf", "xsrf"}

// anonymousWords are in the last segment of the path of logins without a credential.
var anonymousWords = []string{"anon", "guest"}

// containsAny reports whether a text has one of the words in it.
func containsAny(text string, words []string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) })
}

func quoted(words []string) string { return "`" + strings.Join(words, "`, `") + "`" }
