//go:build unix

package docs

import (
	"regexp"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// defaultAdmin is the port of the admin listener where a configuration does not
// say another.
const defaultAdmin = "9901"

// addresses replaces the ports that a page shows with free ones, and back.
type addresses struct {
	free, shown map[string]string // by the other
}

const hosts = `(?:127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1\])`

var (
	loopbackPort = regexp.MustCompile(hosts + `:(\d{4,5})\b`)
	barePort     = regexp.MustCompile(`(?m)^\s*(?:listen|admin): :(\d{4,5})\b`)
	anyPort      = regexp.MustCompile(`(` + hosts + `|[\s"'=@]|^):(\d{4,5})\b`)
)

// newAddresses finds a free port for each port on loopback in a page.
func newAddresses(t testing.TB, page *Page) *addresses {
	a := &addresses{free: map[string]string{}, shown: map[string]string{}}
	a.add(t, defaultAdmin)
	for _, step := range page.Steps {
		text := step.Text + "\n" + step.Setup + "\n" + step.Env
		for _, pattern := range []*regexp.Regexp{loopbackPort, barePort} {
			for _, match := range pattern.FindAllStringSubmatch(text, -1) {
				a.add(t, match[1])
			}
		}
	}
	return a
}

func (a *addresses) add(t testing.TB, port string) {
	if a.free[port] == "" {
		_, free, _ := strings.Cut(string(e2e.FreeAddress(t)), ":")
		a.free[port], a.shown[free] = free, port
	}
}

// replace writes the free ports into what the page shows.
func (a *addresses) replace(text string) string { return replacePorts(text, a.free) }

// restore writes the ports of the page into what a program has written.
func (a *addresses) restore(text string) string { return replacePorts(text, a.shown) }

func replacePorts(text string, ports map[string]string) string {
	return anyPort.ReplaceAllStringFunc(text, func(found string) string {
		at := strings.LastIndex(found, ":")
		if port := ports[found[at+1:]]; port != "" {
			return found[:at+1] + port
		}
		return found
	})
}
