package mongodoc

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// CheckURI returns an error if a connection string is wrong. It does not use the
// network or the files that the string names. The error does not contain the
// password.
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

// explainURI returns an error that says which part of a URI is wrong. The driver's own
// message can quote a password from the user information or the options. So explainURI
// asks the driver again, without these parts.
func explainURI(uri string) error {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || (scheme != "mongodb" && scheme != "mongodb+srv") {
		return errors.New("the MongoDB URI must start with mongodb:// or mongodb+srv://")
	}
	beforeOptions, afterHosts, _ := strings.Cut(rest, "?")
	userInfo, hosts := cutUserInfo(beforeOptions)
	if strings.ContainsAny(userInfo, "/@") || strings.Count(userInfo, ":") > 1 || strings.Contains(afterHosts, "@") {
		return errors.New("the user name or password in the MongoDB URI contains a character that must be percent-encoded, such as %40 for @")
	}
	if scheme == "mongodb" {
		if err := options.Client().ApplyURI("mongodb://" + hosts).Validate(); err != nil {
			return fmt.Errorf("the hosts in the MongoDB URI are wrong: %w", err)
		}
		if err := options.Client().ApplyURI("mongodb://" + beforeOptions).Validate(); err != nil {
			return errors.New("the user name or password in the MongoDB URI is not percent-encoded correctly: a % must start a code such as %40")
		}
	}
	return errors.New("the driver does not accept the host or an option of the MongoDB URI. Check its names and values; they are not printed here because they may contain a password")
}

// cutUserInfo splits s at the last @. An earlier @ is an error in the user
// information.
func cutUserInfo(s string) (userInfo, hosts string) {
	at := strings.LastIndex(s, "@")
	if at < 0 {
		return "", s
	}
	return s[:at], s[at+1:]
}
