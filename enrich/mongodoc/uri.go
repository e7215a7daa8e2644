package mongodoc

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// CheckURI reports what is wrong with a connection string. It uses neither the
// network nor the files that the string names.
func CheckURI(uri string) error {
	if strings.HasPrefix(uri, "mongodb+srv://") {
		return nil
	}
	err := options.Client().ApplyURI(uri).Validate()
	if _, isFile := errors.AsType[*fs.PathError](err); err == nil || isFile {
		return nil
	}
	return explainURI(uri)
}

// explainURI says which part of a URI is wrong. The driver's own message can quote a
// password from the user information or the options, so explainURI asks it again
// about the URI without them.
func explainURI(uri string) error {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || (scheme != "mongodb" && scheme != "mongodb+srv") {
		return errors.New("the MongoDB URI does not start with mongodb:// or mongodb+srv://")
	}
	beforeOptions, afterHosts, _ := strings.Cut(rest, "?")
	userInfo, hosts := cutUserInfo(beforeOptions)
	if strings.ContainsAny(userInfo, "/@") || strings.Count(userInfo, ":") > 1 || strings.Contains(afterHosts, "@") {
		return errors.New("in the MongoDB URI the user name or password has a character that must be percent-encoded")
	}
	if scheme == "mongodb" {
		if err := options.Client().ApplyURI("mongodb://" + hosts).Validate(); err != nil {
			return fmt.Errorf("the hosts of the MongoDB URI: %w", err)
		}
		if err := options.Client().ApplyURI("mongodb://" + beforeOptions).Validate(); err != nil {
			return errors.New("in the MongoDB URI the user name or password is not well percent-encoded")
		}
	}
	return errors.New("the options or the host of the MongoDB URI are not what the driver allows")
}

// cutUserInfo cuts at the last @. One before that is an error in the user
// information.
func cutUserInfo(s string) (userInfo, hosts string) {
	at := strings.LastIndex(s, "@")
	if at < 0 {
		return "", s
	}
	return s[:at], s[at+1:]
}
