package owner

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A Schema is a JSON Schema, which documents must match.
type Schema struct{ compiled *jsonschema.Schema }

// noReferences refuses references to other documents.
type noReferences struct{}

func (noReferences) Load(url string) (any, error) {
	return nil, errors.New("references to other documents are not supported")
}

// OpenSchema reads a JSON Schema from a file. Formats are checked, not only noted. The
// schema must not refer to other documents.
func OpenSchema(file string) (*Schema, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s is not valid JSON: %w", file, err)
	}
	const url = "urn:tokengraft:schema"
	c := jsonschema.NewCompiler()
	c.UseLoader(noReferences{})
	c.AssertFormat()
	if err := c.AddResource(url, document); err != nil {
		return nil, fmt.Errorf("%s is not a JSON Schema: %w", file, err)
	}
	compiled, err := c.Compile(url)
	if err != nil {
		return nil, fmt.Errorf("%s is not a JSON Schema: %w", file, err)
	}
	return &Schema{compiled}, nil
}

// maxFaults is how many faults of a document a response names.
const maxFaults = 10

// faults returns where a document does not match, and which keyword it fails, or "" if it
// matches. It has no values.
func (s *Schema) faults(document []byte) string {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err == nil {
		err = s.compiled.Validate(value)
	}
	invalid, ok := err.(*jsonschema.ValidationError)
	switch {
	case err == nil:
		return ""
	case !ok:
		return "it cannot be checked"
	}
	places := placesOf(invalid)
	slices.Sort(places)
	places = slices.Compact(places)
	if more := len(places) - maxFaults; more > 0 {
		places = append(places[:maxFaults], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(places, ", ")
}

func placesOf(err *jsonschema.ValidationError) (places []string) {
	for _, cause := range err.Causes {
		places = append(places, placesOf(cause)...)
	}
	if len(err.Causes) == 0 {
		places = append(places, fmt.Sprintf("/%s (%s)", strings.Join(err.InstanceLocation, "/"), strings.Join(err.ErrorKind.KeywordPath(), " ")))
	}
	return places
}
