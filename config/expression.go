package config

import (
	"errors"

	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// An Expression is a rule expression of App Services about a user: true, false, or a
// mapping. It is kept as JSON text. The zero Expression is unset.
type Expression string

// Parse returns the expression, or true if it is unset.
func (e Expression) Parse() (*expression.Expression, error) {
	if e == "" {
		e = "true"
	}
	return expression.Parse([]byte(e), expression.Scope{})
}

// UnmarshalText takes JSON text.
func (e *Expression) UnmarshalText(text []byte) error {
	parsed := Expression(text)
	var faults expression.Faults
	if _, err := parsed.Parse(); errors.As(err, &faults) {
		return partsOf(faults)
	}
	*e = parsed
	return nil
}

func partsOf(faults expression.Faults) yamlbind.Parts {
	parts := make(yamlbind.Parts, len(faults))
	for i, fault := range faults {
		parts[i] = yamlbind.Part{Path: fault.Path, Offset: fault.Offset, Err: fault.Err}
	}
	return parts
}

var _ = yamlbind.Describe[Expression](yamlbind.Scalar{
	Want:    "a rule expression (true, false or a mapping)",
	Schemas: []yamlbind.Schema{{"type": []string{"boolean", "object"}}, yamlbind.Matching(`^\s*([{tf]|$)`)},
	Raw:     true,
})
