package yamlbind

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// variable is a whole ${NAME} or ${NAME:-default}.
var variable = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}`)

var errVariable = errors.New("is not a valid variable; write ${NAME} or ${NAME:-default}, and $${ for a literal ${")

// Expand replaces ${NAME} and ${NAME:-default} with values of the environment,
// and $${ with ${. As in a shell, the default also replaces an empty value.
// Values are never expanded again. The error names the variable, and never shows
// a value.
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
			return "", fmt.Errorf("the environment variable %s is not set; set it, or write ${%[1]s:-default}", match[1])
		}
		out.WriteString(text[:i] + value)
		text = text[i+len(match[0]):]
	}
}
