package doctor

import (
	"strconv"
	"strings"
)

// A series is one line of the metrics in Prometheus' text format.
type series struct {
	name   string
	labels map[string]string
	value  float64
}

// parseSeries parses a line. It returns false for comments and for other text.
func parseSeries(line string) (series, bool) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return series{}, false
	}
	s := series{labels: map[string]string{}}
	end := strings.IndexAny(line, "{ ")
	if end < 0 {
		return series{}, false
	}
	s.name = line[:end]
	rest := line[end:]
	for rest[0] != ' ' {
		name, quoted, ok := strings.Cut(rest[1:], "=")
		if !ok {
			break // after the last label: }
		}
		prefix, err := strconv.QuotedPrefix(quoted)
		if err != nil {
			return series{}, false
		}
		if s.labels[name], err = strconv.Unquote(prefix); err != nil {
			return series{}, false
		}
		if rest = quoted[len(prefix):]; rest == "" {
			return series{}, false
		}
		if rest[0] == '}' {
			rest = rest[1:]
			break
		}
	}
	value, _, _ := strings.Cut(strings.TrimLeft(rest, "{} "), " ")
	var err error
	s.value, err = strconv.ParseFloat(value, 64)
	return s, err == nil
}
