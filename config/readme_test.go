package config_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// What the README shows can be copied: parts of a file lack only the rest of it.
func TestREADME_ConfigurationsAreRight(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(shown) == 0 {
		t.Fatal("the README shows no configuration")
	}
	for _, yaml := range shown {
		for _, fault := range faultsOf(t, archive{{}, {file, yaml[1]}, {"env", exampleEnv}}) {
			missing := strings.HasPrefix(fault.Err.Error(), "is required") || strings.HasPrefix(fault.Err.Error(), "no keys of the backend")
			if !missing || fault.Line > 1 {
				t.Errorf("%v in\n%s", fault, yaml[1])
			}
		}
	}
}
