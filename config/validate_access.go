package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/muxpattern"
	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// checkAccess checks what users may do with documents.
func checkAccess(c *Config, r *yamlbind.Report) {
	checkAccessPaths(c, r)
	checkAccessSource(c, r)
	checkAccessBounds(c.Access, r)
	checkWritable(c, r)
	for i, origin := range c.Access.Origins {
		if !isOrigin(origin) {
			r.Fault(fmt.Sprintf("access.origins[%d]", i), errors.New("must be an origin like https://app.example.com, without a path, or *"))
		}
	}
}

// checkAccessPaths refuses paths of access that no request can have, or that are already
// taken.
func checkAccessPaths(c *Config, r *yamlbind.Report) {
	a := c.Access
	if !isPath(a.Path) || strings.HasSuffix(a.Path, "/") || strings.ContainsAny(a.Path, "{}") {
		r.Fault("access.path", errors.New("must be a path like /.tokengraft/custom_data"))
	}
	if err := muxpattern.Check(a.CallPath); err != nil || !strings.HasPrefix(a.CallPath, "/") || strings.HasSuffix(a.CallPath, "/") {
		r.Fault("access.call_path", errors.New("must be a path like /api/client/v2.0/app/{app}/functions/call"))
	}
	if a.Path == a.CallPath {
		r.Fault("access.call_path", errors.New("is the same as access.path; use another one"))
	}
	for _, setting := range []struct {
		path, value string
		enabled     bool
	}{
		{"access.path", a.Path, a.Mode != NoAccess},
		{"access.call_path", a.CallPath, a.Functions || a.Roles != ""},
	} {
		if taken := takenBy(c, setting.value); setting.enabled && taken != "" {
			r.Fault(setting.path, fmt.Errorf("is also the path of %s; use another one, or remove it there", taken))
		}
	}
}

// takenBy returns the setting that has this path already, or "". A rule for streams, which
// the preset app-services has at the path of calls, does not take it.
func takenBy(c *Config, path string) string {
	if slices.Contains(c.Sign.JWKSPath, path) && c.Sign.Keys != "" {
		return "sign.jwks_path"
	}
	for i, rule := range c.Rules {
		method, matched, _ := strings.Cut(rule.Match, "/")
		isStream := method == "GET " && len(rule.Tokens) == 0
		if "/"+matched == path && !isStream {
			return fmt.Sprintf("rules[%d]", i)
		}
	}
	return ""
}

// checkAccessSource refuses access that the source of documents or the functions cannot
// serve.
func checkAccessSource(c *Config, r *yamlbind.Report) {
	a := c.Access
	if r.Set("documents.file") && a.Mode == OwnerWrite {
		r.Fault("access.mode", errors.New("cannot be owner-write with documents.file, which is read-only; use owner-read or documents.mongodb"))
	}
	if a.Roles != "" && !r.Set("documents.mongodb") {
		r.Fault("access.roles", errors.New("requires documents.mongodb, because the roles are for its collection"))
	}
	if a.Functions && !r.Set("functions.dir") {
		r.Fault("access.functions", errors.New("requires functions.dir, the directory of the functions and their config.json"))
	}
	if a.Mode != OwnerWrite {
		for _, setting := range []string{"access.writable", "access.schema"} {
			if r.Set(setting) {
				r.Fault(setting, errors.New("has no effect unless access.mode is owner-write; set that, or remove this"))
			}
		}
	}
}

// maxAccessTimeout is the longest time of a call.
const maxAccessTimeout = 30 * time.Second

func checkAccessBounds(a Access, r *yamlbind.Report) {
	switch {
	case a.Timeout == 0:
		r.Fault("access.timeout", errZero)
	case a.Timeout > maxAccessTimeout:
		r.Fault("access.timeout", fmt.Errorf("is too long; at most %s is allowed", maxAccessTimeout))
	}
	switch {
	case a.Processes == 0:
		r.Fault("access.processes", errZero)
	case a.Processes > maxProcesses:
		r.Fault("access.processes", fmt.Errorf("is too large; at most %d is allowed", maxProcesses))
	}
	if a.PerMinute == 0 {
		r.Fault("access.per_minute", errZero)
	}
}

// checkWritable refuses paths that users can never write.
func checkWritable(c *Config, r *yamlbind.Report) {
	for i, path := range c.Access.Writable {
		err := checkWritablePath(c, path)
		if err == nil {
			err = checkVisible(c.Claim, path)
		}
		if err != nil {
			r.Fault(fmt.Sprintf("access.writable[%d]", i), err)
		}
	}
	for i, path := range c.Access.AllowPrivileged {
		if err := checkWritablePath(c, path); err != nil {
			r.Fault(fmt.Sprintf("access.allow_privileged[%d]", i), err)
		}
	}
}

func checkWritablePath(c *Config, path string) error {
	for name := range strings.SplitSeq(path, ".") {
		if name == "" || strings.HasPrefix(name, "$") {
			return errors.New("is not a path like name or address.city")
		}
	}
	for _, id := range []string{"_id", c.Documents.UserIDField, c.Documents.UserIDIssuer} {
		if overlaps(path, id) {
			return fmt.Errorf("can never be written by users, because %s says whose document it is", id)
		}
	}
	return nil
}

// checkVisible refuses a path that users do not see.
func checkVisible(c Claim, path string) error {
	if why := c.LeavesOut(path); why != "" {
		return fmt.Errorf("%s, and users write only what they can read", why)
	}
	return nil
}

// LeavesOut says why nothing at a path of documents is in the claim, and returns "" if there
// may be something.
func (c Claim) LeavesOut(path string) string {
	for _, hidden := range c.Exclude {
		if within(path, hidden) {
			return fmt.Sprintf("is left out by claim.exclude (%s)", hidden)
		}
	}
	included := func(include string) bool { return overlaps(path, include) }
	if len(c.Include) > 0 && !slices.ContainsFunc(c.Include, included) {
		return "is not in claim.include"
	}
	return ""
}

// overlaps reports whether one path is the other, or a part of it. The empty path is none.
func overlaps(a, b string) bool { return a != "" && b != "" && (within(a, b) || within(b, a)) }

// within reports whether a path is outer, or below it.
func within(path, outer string) bool {
	return path == outer || strings.HasPrefix(path, outer+".")
}

// isOrigin reports whether a text is an origin (RFC 6454), or *.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return text == "*" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.Scheme+"://"+u.Host == text
}
