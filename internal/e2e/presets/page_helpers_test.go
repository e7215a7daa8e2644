package presets_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// configurationsIn returns the configurations in a section of the page.
func configurationsIn(t *testing.T, page, section string) (blocks []string) {
	t.Helper()
	_, rest, ok := strings.Cut(page, "# "+section+"\n")
	if !ok {
		t.Fatalf("docs/backends.md has no section %q", section)
	}
	rest, _, _ = strings.Cut(rest, "\n#")
	for _, block := range fence.FindAllStringSubmatch(rest, -1) {
		blocks = append(blocks, block[1])
	}
	return blocks
}

// sectionsWithPreset returns the titles of the sections with a configuration
// that names a preset.
func sectionsWithPreset(page string) (titles []string) {
	title := ""
	fenced := ""
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			if fenced == "" {
				fenced = line
			} else {
				fenced = ""
			}
		case fenced == "" && strings.HasPrefix(line, "#"):
			title = strings.TrimLeft(line, "# ")
		case fenced == "```yaml" && strings.HasPrefix(line, "preset:") && !slices.Contains(titles, title):
			titles = append(titles, title)
		}
	}
	return titles
}

// over returns a configuration with the settings of another over it.
func over(base, other string) string {
	for _, key := range topLevel.FindAllString(other, -1) {
		base = regexp.MustCompile(`(?m)^`+key+`.*\n(?:[ ].*\n)*`).ReplaceAllString(base, "")
	}
	return base + other
}

func split(request string) (method, target, body string) {
	method, rest, _ := strings.Cut(request, " ")
	target, body, _ = strings.Cut(rest, " ")
	return method, target, body
}

func typeOf(body string) string {
	if strings.HasPrefix(body, "{") {
		return "application/json"
	}
	return "application/x-www-form-urlencoded"
}

// pemFiles are the key files that the page names.
func pemFiles(issuer *enrichtest.Issuer) map[string]string {
	if strings.HasPrefix(issuer.Algorithm, "HS") {
		return nil
	}
	return map[string]string{"public.pem": string(issuer.PublicPEM()), "private.pem": string(issuer.PrivatePEM())}
}
