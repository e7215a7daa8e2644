package mongodoc

import "strings"

// Hosts returns the hosts in a connection string that [CheckURI] accepts, as it names
// them, without user, password and options. It returns "" for any other string.
func Hosts(uri string) string {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || CheckURI(uri) != nil {
		return ""
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	if strings.Contains(rest[end:], "@") {
		return "" // a slash in a password that is not encoded
	}
	_, hosts := cutUserInfo(rest[:end])
	if scheme == "mongodb+srv" {
		return hosts + " (SRV)"
	}
	return hosts
}
