package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/tokengraft/tokengraft/internal/muxpattern"
)

// notLike starts the fault of a text that is not a pattern.
const notLike = "is not a pattern like POST /oauth/token: "

// checkSpelling returns what is wrong with a pattern, and how to write it.
func checkSpelling(pattern string) error {
	method, path, hasMethod := strings.Cut(pattern, " ")
	path = strings.TrimLeft(path, " \t")
	if !hasMethod {
		method, path = "", pattern
	}
	switch {
	case strings.Contains(pattern, "://"):
		return errors.New(notLike + "it contains a URL; " + cmp.Or(pathOfURL(method, path), "write only the method and the path"))
	case strings.HasPrefix(method, "/") && isMethod(strings.ToUpper(path)):
		return fmt.Errorf(notLike+"the method comes first; write %s %s", strings.ToUpper(path), method)
	case !strings.Contains(pattern, "/"):
		return errors.New(notLike + "the path is missing, or does not start with /" + withSlash(method, path))
	case strings.ContainsAny(method, ",|") && hasMethod:
		return errors.New(notLike + "it has several methods; write one rule for each, or " + path + " for all methods")
	case isAny(method):
		return fmt.Errorf("no request has the method %s; write %s for all methods", method, path)
	}
	if err := muxpattern.Check(pattern); err != nil {
		return fmt.Errorf(notLike+"%w", err)
	}
	if hasMethod && method != strings.ToUpper(method) {
		return fmt.Errorf("HTTP methods are upper case; write %s", strings.ToUpper(method))
	}
	return checkPatternPath(method, path)
}

// checkPatternPath returns what is wrong with the path of a pattern that ServeMux accepts.
func checkPatternPath(method, path string) error {
	right := ""
	if method != "" {
		right = method + " "
	}
	if before, _, found := strings.Cut(path, "?"); found {
		return fmt.Errorf("contains a query, but patterns match paths only; write %s%s", right, before)
	}
	if before, _, found := strings.Cut(path, "#"); found {
		return fmt.Errorf("contains a fragment, which browsers do not send; write %s%s", right, before)
	}
	if trimmed := strings.TrimRight(path, " \t"); trimmed != path {
		return fmt.Errorf("ends with a space; write %s%s", right, trimmed)
	}
	if foreign := foreignWildcard(path); foreign != "" {
		wild := withWildcards(path)
		also := ""
		if prefix, all := strings.CutSuffix(wild, "{rest...}"); all {
			also = ", which also matches " + prefix
		}
		return fmt.Errorf("%s is not a wildcard in these patterns; write %s%s%s. A path that has %s itself is written with %%%02X", foreign, right, wild, also, foreign[:1], foreign[0])
	}
	return nil
}

// The wildcards of other routers: * and ** for segments, :id and <id> or <int:id> for one.
var wildcards = regexp.MustCompile(`^(?:\*\*?|:([A-Za-z_]\w*)|<(?:\w+:)?([A-Za-z_]\w*)>)$`)

// withWildcards returns a path with the wildcards of other routers as ServeMux writes them.
func withWildcards(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		found := wildcards.FindStringSubmatch(segment)
		switch {
		case found == nil:
		case found[1]+found[2] != "":
			segments[i] = "{" + found[1] + found[2] + "}"
		case i == len(segments)-1:
			segments[i] = "{rest...}"
		default:
			segments[i] = fmt.Sprintf("{any%d}", i)
		}
	}
	return strings.Join(segments, "/")
}

// foreignWildcard returns the first wildcard of another router in a path.
func foreignWildcard(path string) string {
	for segment := range strings.SplitSeq(path, "/") {
		if wildcards.MatchString(segment) {
			return segment
		}
	}
	return ""
}

// isMethod reports whether a text is a usual method.
func isMethod(text string) bool {
	switch text {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return true
	}
	return false
}

// isAny reports whether a text means all methods in another router.
func isAny(method string) bool {
	switch strings.ToUpper(method) {
	case "ANY", "ALL", "*":
		return true
	}
	return false
}

// pathOfURL says how to write a pattern with a URL instead of a path.
func pathOfURL(method, path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Path == "" {
		return ""
	}
	return "write " + strings.TrimSpace(method+" "+u.Path)
}

// withSlash says how to write a pattern whose path does not start with a slash.
func withSlash(method, path string) string {
	if !isMethod(strings.ToUpper(method)) || path == "" || strings.ContainsAny(path, " \t") {
		return ""
	}
	return fmt.Sprintf("; write %s /%s", strings.ToUpper(method), path)
}
