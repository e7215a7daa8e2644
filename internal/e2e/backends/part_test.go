package backends_test

import (
	"os/exec"
	"strings"
	"testing"
)

// A part is a program or library of somebody else, and its Debian package.
type part struct {
	name, pkg string
	version   string // in Debian 12, as the page names it
}

var (
	django    = part{"Django", "python3-django", "3.2.25"}
	simplejwt = part{"simplejwt", "python3-djangorestframework-simplejwt", "5.2.2"}
	glewlwyd  = part{"Glewlwyd", "glewlwyd", "2.7.5"}
	apache    = part{"Apache", "apache2-bin", "2.4.71"}
	openidc   = part{"mod_auth_openidc", "libapache2-mod-auth-openidc", "2.4.12.3"}
	authlib   = part{"Authlib", "python3-authlib", "1.2.0"}
	requests  = part{"Requests", "python3-requests", "2.28.1"}
	pyjwt     = part{"PyJWT", "python3-jwt", "2.6.0"}

	drf = []part{django, simplejwt}
)

func (p part) String() string { return p.name + " " + p.version }

// installed returns the version of the package without Debian's own suffixes, or "".
func (p part) installed() string {
	version, err := exec.Command("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", p.pkg).Output()
	found, ok := strings.CutPrefix(string(version), "installed ")
	if err != nil || !ok {
		return ""
	}
	if _, after, ok := strings.Cut(found, ":"); ok {
		found = after
	}
	if dash := strings.LastIndexByte(found, '-'); dash > 0 {
		found = found[:dash]
	}
	found, _, _ = strings.Cut(found, "+")
	return found
}

// require skips the test unless all parts are installed. A newer version than that of the
// page, such as a security update, is only logged.
func require(t *testing.T, parts []part) {
	t.Helper()
	var missing []string
	for _, p := range parts {
		switch version := p.installed(); {
		case version == "":
			missing = append(missing, p.pkg)
		case version != p.version:
			t.Logf("%s is installed, the page names %s", version, p)
		}
	}
	if len(missing) > 0 {
		t.Skipf("SKIPPED, THIS BACKEND WAS NOT TESTED: apt-get install --no-install-recommends %s", strings.Join(missing, " "))
	}
}
