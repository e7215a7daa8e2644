package prose

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

// A Rule names words that this project does not write.
type Rule struct {
	// Instead is what to write, as a hint for people.
	Instead string
	// Example is a sentence in which the rule finds a fault.
	Example string

	pattern *regexp.Regexp
	// except matches what is correct English all the same. It is nil where
	// there is no such case.
	except *regexp.Regexp
}

//go:embed rules.txt
var rulesFile string

// Rules returns the rules of this project, from rules.txt.
func Rules() ([]Rule, error) { return parseRules(rulesFile) }

// parseRules reads rules, one a line. Empty lines and lines that start with # are
// left out.
func parseRules(text string) (rules []Rule, err error) {
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		rule, err := parseRule(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func parseRule(line string) (rule Rule, err error) {
	fields := regexp.MustCompile(`\s+::\s+`).Split(line, -1)
	if len(fields) < 3 || len(fields) > 4 {
		return Rule{}, fmt.Errorf("%d fields, but a rule has 3 or 4 with :: between them", len(fields))
	}
	rule = Rule{Instead: fields[1], Example: fields[2]}
	if rule.pattern, err = compile(fields[0]); err != nil {
		return Rule{}, err
	}
	if len(fields) == 4 {
		rule.except, err = compile(fields[3])
	}
	return rule, err
}

// compile returns a regular expression that starts and ends where words do. A ^
// is the start of a sentence.
func compile(pattern string) (*regexp.Regexp, error) {
	start := `\b`
	if rest, ok := strings.CutPrefix(pattern, "^"); ok {
		start, pattern = `(?:^|[.;:!?] )`, rest
	}
	end := `\b`
	if strings.HasSuffix(pattern, ".") {
		end = ""
	}
	return regexp.Compile(`(?i)` + start + `(?:` + pattern + `)` + end)
}

var (
	wordBefore = regexp.MustCompile(`[\w-]+\W*$`)
	wordAfter  = regexp.MustCompile(`^\W*[\w-]+`)
)

// find returns where a text breaks the rule, as pairs of offsets.
func (r Rule) find(text string) (places [][]int) {
	for _, at := range r.pattern.FindAllStringIndex(text, -1) {
		if !r.excepted(text, at[0], at[1]) {
			places = append(places, at)
		}
	}
	return places
}

// excepted says whether a match is correct English, judged with the word before
// and the word after it.
func (r Rule) excepted(text string, start, end int) bool {
	if r.except == nil {
		return false
	}
	context := wordBefore.FindString(text[:start]) + text[start:end] + wordAfter.FindString(text[end:])
	return r.except.MatchString(context)
}
