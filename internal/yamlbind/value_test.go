package yamlbind

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestParseValue_IsThatOfAFile(t *testing.T) {
	for text, want := range map[string]any{
		"": nil, " ~ ": nil, "null": nil,
		"5": json.Number("5"), "-1.5": json.Number("-1.5"), "true": true, "false": false,
		"5m": "5m", "16KiB": "16KiB", "custom_data": "custom_data", "two words": "two words", "a=b": "a=b", "${HOME}": "${HOME}",
		`"5"`: "5", `'a # b'`: "a # b", `""`: "", `"a\nb"`: "a\nb",
		"[]": []string{}, "[a, b.c]": []string{"a", "b.c"}, `["5", 'x y']`: []string{"5", "x y"},
	} {
		if got, err := ParseValue(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ParseValue(%q) = %#v, %v, want %#v", text, got, err, want)
		}
	}
}

func TestParseValue_RefusesWhatYAMLReadsInAnotherWay(t *testing.T) {
	for _, text := range []string{
		"a # comment", "# comment", `"a" # "`, `"a" # b`, "5 # comment", "[a] # b]", "[1]", "[a, [b]]", "[a", "a\nb: c", "a: b", "{a: b}", "&a b", "*a", "!!str 5", "|", "- a", "0x10", ".inf", `"a`,
	} {
		if got, err := ParseValue(text); err == nil {
			t.Errorf("ParseValue(%q) = %#v, want an error", text, got)
		}
	}
}
