package yamlbind

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// variable is a whole ${NAME} or ${NAME:-default}.
var variable = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}`)

var errVariable = errors.New("bad variable, want ${NAME} or ${NAME:-default}; a literal ${ is written $${")

// Expand replaces ${NAME} and ${NAME:-default} by the environment's values, and
// $${ by ${. As in a shell, a default stands in for an empty value, too. What
// is put in is never expanded again. The error names the variable, never a
// value.
func Expand(text string, env func(string) (string, bool)) (string, error) {
	var out strings.Builder
	for {
		i := strings.Index(text, "${")
		if i < 0 {
			out.WriteString(text)
			return out.String(), nil
		}
		if i > 0 && text[i-1] == '$' {
			out.WriteString(text[:i-1] + "${")
			text = text[i+2:]
			continue
		}
		match := variable.FindStringSubmatch(text[i:])
		if match == nil {
			return "", errVariable
		}
		value, ok := env(match[1])
		switch hasDefault := match[2] != ""; {
		case hasDefault && value == "":
			value = match[3]
		case !ok:
			return "", fmt.Errorf("the environment has no %s, set it or write ${%[1]s:-default}", match[1])
		}
		out.WriteString(text[:i] + value)
		text = text[i+len(match[0]):]
	}
}
