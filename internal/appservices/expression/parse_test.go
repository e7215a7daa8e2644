package expression_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/appservices/expression"
)

// Each fault has the text at its offset, its path, and a part of its message.
func TestParse_ReportsEveryFaultWithItsPlace(t *testing.T) {
	tests := []struct {
		text  string
		scope expression.Scope
		want  []string // TEXT AT THE OFFSET | PATH | PART OF THE MESSAGE
	}{
		{``, everything, []string{`||ends too early`}},
		{`{`, everything, []string{`||`}},
		{`{"a" 1}`, everything, []string{`1||not valid JSON`}},
		{`5`, everything, []string{`5||must be true, false or an object`}},
		{`null`, everything, []string{`null||must be true, false or an object`}},
		{`true false`, everything, []string{`false||more text`}},
		{`{"a":1,"a":2}`, everything, []string{`"a":2|a|twice`}},
		{`{"$where":"true"}`, everything, []string{`"$where"|"$where"|does not exist`}},
		{`{"a":{"$regex":"x"}}`, everything, []string{`"$regex"|a."$regex"|does not exist`}},
		{`{"a":{"$expr":{}}}`, everything, []string{`"$expr"|a."$expr"|does not exist`}},
		{`{"a":{"$elemMatch":{"$gt":1}},"b":{"$type":1}}`, everything, []string{`"$elemMatch"|a."$elemMatch"|does not exist`, `"$type"|b."$type"|does not exist`}},
		{`{"%%usr.id":1}`, everything, []string{`"%%usr.id"|"%%usr.id"|does not exist`}},
		{`{"%%user.ip":1}`, everything, []string{`"%%user.ip"|"%%user.ip"|does not exist`}},
		{`{"a":"%%user.id%%"}`, everything, []string{`"%%user.id%%"|a|must not end`}},
		{`{"%%args.a":1}`, everything, []string{`"%%args.a"|"%%args.a"|does not exist`}},
		{`{"%%partition":1}`, everything, []string{`"%%partition"|"%%partition"|does not exist`}},
		{`{"%%values":1}`, everything, []string{`"%%values"|"%%values"|name of a value`}},
		{`{"%%true.a":1}`, everything, []string{`"%%true.a"|"%%true.a"|no fields`}},
		{`{"a..b":1,"%%root.$x":2}`, everything, []string{`"a..b"|"a..b"|empty`, `"%%root.$x"|"%%root.$x"|dollar`}},
		{`{"a":1}`, expression.Scope{}, []string{`"a"|a|no document`}},
		{`{"%%root.a":1,"%%this":1,"%%prev":1,"%%prevRoot":1}`, expression.Scope{}, []string{`"%%root.a"|"%%root.a"|no document`, `"%%this"|"%%this"|`, `"%%prev"|"%%prev"|`, `"%%prevRoot"|"%%prevRoot"|`}},
		{`{"%%request.action":1}`, expression.Scope{}, []string{`"%%request.action"|"%%request.action"|cannot be used here`}},
		{`{"%%true":{"%function":{"name":"f"}}}`, expression.Scope{}, []string{`"%function"|"%%true"."%function"|not supported here`}},
		{`{"%%true":{"%function":{"name":"unknown"}}}`, everything, []string{`"%function"|"%%true"."%function"|does not exist`}},
		{`{"%%true":{"%function":{"name":5,"args":[]}}}`, everything, []string{`"name"|"%%true"."%function".name|takes name`, `"args"|"%%true"."%function".args|takes name`}},
		{`{"%function":{"name":"f"}}`, everything, []string{`"%function"|"%function"|must be a value`}},
		{`{"$eq":1}`, everything, []string{`"$eq"|"$eq"|must be below`}},
		{`{"$and":{},"$or":[],"$nor":[5],"$not":"x"}`, everything, []string{`{}|"$and"|takes a list`, `[]|"$or"|takes a list`, `5|"$nor"[0]|must be true`, `"x"|"$not"|must be true`}},
		{`{"a":{"$in":5,"$nin":"x"}}`, everything, []string{`5|a."$in"|takes a list`, `"x"|a."$nin"|takes a list`}},
		{`{"a":{"$gt":true,"$lt":[1],"$gte":null,"$lte":{"b":1}}}`, everything, []string{`true|a."$gt"|takes a number`, `[1]|a."$lt"|`, `null|a."$gte"|`, `{"b"|a."$lte"|`}},
		{`{"a":{"$exists":1}}`, everything, []string{`1|a."$exists"|takes true or false`}},
		{`{"a":{"$gt":1,"b":2}}`, everything, []string{`"b"|a.b|among operators`}},
		{`{"a":{"$not":5}}`, everything, []string{`5|a."$not"|must be an object`}},
		{`{"a":{"%stringToOid":"x"}}`, everything, []string{`"x"|a."%stringToOid"|cannot convert`}},
		{`{"a":{"%stringToOid":{"%oidToString":"%%root._id"}}}`, everything, []string{`{"%oid|a."%stringToOid"|no operators`}},
		{`{"a":{"%%user.id":1}}`, everything, []string{`"%%user.id"|a."%%user.id"|cannot be a name`}},
		{`{"a":{"$oid":"x"}}`, everything, []string{`{"$oid|a|cannot be read`}},
		{`{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, everything, []string{`||nested more than`}},
		{`{"a":[` + strings.Repeat("1,", 5000) + `1]}`, everything, []string{`||more than 4096 values`}},
		{`{"a":"` + strings.Repeat("x", 70000) + `"}`, everything, []string{`||more than 65536 bytes`}},
		{"{\"a\":\"\xff\"}", everything, []string{`||UTF-8`}},
	}
	for _, test := range tests {
		_, err := expression.Parse([]byte(test.text), test.scope)
		faults, ok := errors.AsType[expression.Faults](err)
		if !ok || len(faults) != len(test.want) {
			t.Errorf("%.80s: got %v; want %d faults", test.text, err, len(test.want))
			continue
		}
		for i, want := range test.want {
			at, rest, _ := strings.Cut(want, "|")
			path, message, _ := strings.Cut(rest, "|")
			if f := faults[i]; !strings.HasPrefix(test.text[f.Offset:], at) || f.Path != path || !strings.Contains(f.Err.Error(), message) {
				t.Errorf("%.80s: got %v at %.20q; want %s", test.text, f, test.text[f.Offset:], want)
			}
		}
	}
}

func TestQuery_Expands(t *testing.T) {
	for _, test := range []struct{ query, want string }{
		{`{}`, `{}`},
		{`true`, `{}`},
		{`{"owner":"%%user.id"}`, `{"owner":{"$eq":"5f1f216e82df4a7979f9da93"}}`},
		{`{"%%root.owner":"%%user.id"}`, `{"owner":{"$eq":"5f1f216e82df4a7979f9da93"}}`},
		{`{"shared":true,"n":{"$gt":1}}`, `{"shared":{"$eq":true},"n":{"$gt":1}}`},
		{`{"team":{"%in":"%%user.custom_data.teams"}}`, `{"team":{"$in":["red","blue"]}}`},
		{`{"%or":[{"a":1},{"b":{"$not":{"$exists":true}}}]}`, `{"$or":[{"a":{"$eq":1}},{"b":{"$not":{"$exists":true}}}]}`},
		{`{"_id":{"%stringToOid":"%%user.id"}}`, `{"_id":{"$eq":{"$oid":"5f1f216e82df4a7979f9da93"}}}`},
		{`{"rows":{"$elemMatch":{"a":"%%user.type"}},"b":{"$elemMatch":{"$gt":1}}}`, `{"rows":{"$elemMatch":{"a":{"$eq":"normal"}}},"b":{"$elemMatch":{"$gt":1}}}`},
		{`{"a":null}`, `{"a":{"$eq":null}}`},
	} {
		q, err := expression.ParseQuery([]byte(test.query))
		if err != nil {
			t.Errorf("%s: %v", test.query, err)
			continue
		}
		got, err := q.Expand(anna(t))
		if want := value(t, test.want); err != nil || jsonOf(t, got) != jsonOf(t, want) {
			t.Errorf("%s: got %s, %v; want %s", test.query, jsonOf(t, got), err, test.want)
		}
	}
}

// A value that is missing must not widen a query, and none may become an operator.
func TestQuery_RefusesMissingValuesAndOperators(t *testing.T) {
	env := anna(t)
	env.Values = value(t, `{"list":["a",null],"holes":null}`)
	custom := value(t, `{"admins":1}`)
	env.User = env.User.With("custom_data", custom.With("evil", documentWith("$ne", custom)))
	for _, text := range []string{
		`{"a":"%%user.custom_data.missing"}`,
		`{"a":{"$ne":"%%user.custom_data.missing"}}`,
		`{"a":{"$nin":"%%user.custom_data.missing"}}`,
		`{"a":{"$nin":["%%user.custom_data.missing"]}}`,
		`{"a":{"$in":"%%values.list"}}`,
		`{"a":"%%values.holes"}`,
		`{"a":"%%user.custom_data.evil"}`,
		`{"a":["%%user.custom_data.evil"]}`,
		`{"a":{"%stringToOid":"%%user.type"}}`,
	} {
		q, err := expression.ParseQuery([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := q.Expand(env); err == nil || !got.IsMissing() {
			t.Errorf("%s: got %s, %v; want an error", text, jsonOf(t, got), err)
		}
	}
	for _, text := range []string{
		`5`, `false`, `{"$where":"true"}`, `{"$expr":{}}`, `{"a":{"$where":"x"}}`, `{"a":{"$function":{}}}`, `{"$text":{}}`, `{"%%user.id":"x"}`,
		`{"a":{"$eq":1,"$where":1}}`, `{"a":"%%root.b"}`, `{"a":{"$not":5}}`, `{"$and":[]}`, `{"a":{"$eq":{"$where":1}}}`, `{"a":{"$elemMatch":{"$where":1}}}`,
	} {
		if _, err := expression.ParseQuery([]byte(text)); err == nil {
			t.Errorf("ParseQuery(%s): want a fault", text)
		}
	}
}
