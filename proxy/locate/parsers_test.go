package locate_test

import (
	"encoding/json"
	"net/url"
	"strings"
)

// A parser is a model of how a framework reads the fields of a text. It returns false if
// the framework refuses the text.
type parser struct {
	name  string
	parse func(text string) (map[string]string, bool)
}

var formParsers = []parser{
	{"Go", func(text string) (map[string]string, bool) {
		values, _ := url.ParseQuery(text) // handlers ignore the error of ParseForm
		fields := map[string]string{}
		for name := range values {
			fields[name] = values.Get(name) // the first
		}
		return fields, true
	}},
	{"PHP", func(text string) (map[string]string, bool) {
		fields := map[string]string{}
		for name, value := range loosePairs(text, "&") {
			name, _, _ = strings.Cut(strings.TrimLeft(name, " "), "\x00")
			base, _, array := strings.Cut(name, "[")
			base = strings.NewReplacer(".", "_", " ", "_").Replace(base)
			if array && !strings.Contains(name, "]") {
				base += "_" + strings.TrimPrefix(name, base+"[")
			}
			fields[base] = value // the last; of an array its last element
		}
		return fields, true
	}},
	{"Express with qs", func(text string) (map[string]string, bool) {
		fields := map[string]string{}
		for name, value := range loosePairs(text, "&") {
			name, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSuffix(name, "]"), "["), "[")
			if _, array := fields[name]; !array { // the first element, as with [].concat(x)[0]
				fields[name] = value
			}
		}
		return fields, true
	}},
	{"Rack", func(text string) (map[string]string, bool) {
		fields := map[string]string{}
		for name, value := range loosePairs(text, "&;") {
			name, _, _ = strings.Cut(name, "[")
			fields[strings.Trim(name, " ")] = value // the last
		}
		return fields, true
	}},
}

// loosePairs yields the fields of a form. Invalid escapes stay as they are.
func loosePairs(text, separators string) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		for _, pair := range strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(separators, c) }) {
			name, value, _ := strings.Cut(pair, "=")
			if !yield(looseUnescape(name), looseUnescape(value)) {
				return
			}
		}
	}
}

func looseUnescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if decoded, err := url.PathUnescape(text[i : i+3]); err == nil {
				b.WriteString(decoded)
				i += 2
				continue
			}
		}
		b.WriteString(strings.ReplaceAll(text[i:i+1], "+", " "))
	}
	return b.String()
}

var jsonParsers = []parser{
	{"encoding/json", func(text string) (map[string]string, bool) { return lastMembers(text, strings.ToLower) }},
	{"JSON.parse, json_decode", func(text string) (map[string]string, bool) {
		return lastMembers(strings.TrimPrefix(text, "\ufeff"), func(name string) string { return name })
	}},
}

// lastMembers returns the last of the strings of each name, as many parsers do.
func lastMembers(text string, fold func(string) string) (map[string]string, bool) {
	decoder := json.NewDecoder(strings.NewReader(text))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	fields := map[string]string{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, false
		}
		var value any
		if err := decoder.Decode(&value); err != nil {
			return nil, false
		}
		delete(fields, fold(name.(string)))
		if value, ok := value.(string); ok {
			fields[fold(name.(string))] = value
		}
	}
	_, err := decoder.Token()
	return fields, err == nil
}
