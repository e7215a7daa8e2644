package expression

import (
	"context"
	"strings"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// A Text is a text that stands for a value: an expansion, or the text itself. It is
// immutable and safe for concurrent use.
type Text struct{ o operand }

// ParseText reads a text. The error is of type [Faults].
func ParseText(text string, s Scope) (*Text, error) {
	p := &parser{scope: s}
	var o operand
	switch i := strings.Index(text, "%%"); {
	case i < 0:
		o = literal{bsonvalue.NewString(text)}
	case i > 0:
		p.fault(i, "", "an expansion must be the whole text; remove the rest")
	default:
		o = p.expansion(text, 0, "")
	}
	if len(p.faults) > 0 {
		return nil, p.faults
	}
	return &Text{o}, nil
}

// Value returns the value in an environment. A null in data is missing.
func (t *Text) Value(env *Env) (bsonvalue.Value, error) {
	m := newMachine(context.Background(), env)
	v := present(m, t.o)
	if m.err != nil {
		return bsonvalue.Value{}, m.err
	}
	return v, nil
}
