package expression_test

import (
	"context"
	"testing"

	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// No text makes Parse, Eval or Filter panic. The result is the same each time, and false
// with an error.
func FuzzExpression_EvalIsTotal(f *testing.F) {
	for _, text := range []string{
		`true`, `{"owner":"%%user.id"}`, `{"a":{"$in":["%%user.custom_data.teams",1]}}`, `{"$or":[{"%%true":{"%function":{"name":"first","arguments":[1]}}},{"$not":{"n":{"$gt":1}}}]}`,
		`{"_id":{"%stringToOid":"%%user.id"}}`, `{"%%false":{"a":null}}`, `{"a":{"b":["%%root.n"]}}`, `{"n":{"$nor":[{"$exists":false}]}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		env := anna(t)
		if q, err := expression.ParseQuery(text); err == nil {
			_, _ = q.Expand(env)
		}
		e, err := expression.Parse(text, everything)
		if err != nil {
			return
		}
		first, err := e.Eval(t.Context(), env)
		if first && err != nil {
			t.Errorf("true with the error %v", err)
		}
		if second, _ := e.Eval(t.Context(), env); second != first {
			t.Errorf("first %v, then %v", first, second)
		}
		filter, ok := e.Filter(env)
		if ok && filter.Kind() != bsonvalue.Document {
			t.Errorf("the filter is %v", filter)
		}
		env.User = bsonvalue.Value{}
		_, _ = e.Eval(context.Background(), env)
	})
}
