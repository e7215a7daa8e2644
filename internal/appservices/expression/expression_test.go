package expression_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// everything allows all that an expression may use.
var everything = expression.Scope{Document: true, Request: true, Functions: func(name string) bool { return name != "unknown" }}

func value(t testing.TB, text string) bsonvalue.Value {
	t.Helper()
	v, err := bsonvalue.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// anna is an environment with a bit of everything.
func anna(t testing.TB) *expression.Env {
	user, err := expression.NewUser([]byte(`{"id":"5f1f216e82df4a7979f9da93","type":"normal","data":{"email":"anna@example.com"},
		"custom_data":{"language":"en","age":42,"admin":true,"nothing":null,"teams":["red","blue"],"holes":[null],"empty":[],"address":{"city":"Bonn"},
			"uuid":"123e4567-e89b-12d3-a456-426614174000"},
		"identities":[{"id":"i1","provider_type":"local-userpass"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return &expression.Env{
		User:        user,
		Request:     value(t, `{"remoteIPAddress":"192.0.2.1","requestHeaders":{"Accept":["text/html"]}}`),
		Values:      value(t, `{"admins":["5f1f216e82df4a7979f9da93"],"limits":{"low":1}}`),
		Environment: value(t, `{"tag":"production","values":{"baseUrl":"https://example.com"}}`),
		Root: value(t, `{"_id":{"$oid":"5f1f216e82df4a7979f9da93"},"owner":"5f1f216e82df4a7979f9da93","owners":["x","5f1f216e82df4a7979f9da93"],
			"team":"red","teams":["blue","green"],"n":7,"f":7.0,"when":{"$date":"2020-01-01T00:00:00Z"},"null":null,"list":[],"sub":{"a":{"b":1}},"nan":{"$numberDouble":"NaN"},
			"uuid":{"$uuid":"123e4567-e89b-12d3-a456-426614174000"},"rows":[{"a":1}]}`),
		PrevRoot: value(t, `{"n":6}`),
		This:     value(t, `7`),
		Call: func(_ context.Context, name string, args []bsonvalue.Value) (bsonvalue.Value, error) {
			switch name {
			case "first":
				if len(args) == 0 {
					return bsonvalue.Value{}, errors.New("it has no arguments")
				}
				return args[0], nil
			case "nothing":
				return bsonvalue.Value{}, nil
			}
			return bsonvalue.Value{}, errors.New("it failed")
		},
	}
}

func TestExpression_Holds(t *testing.T) {
	tests := []struct {
		expression string
		want       bool
	}{
		{`true`, true},
		{`false`, false},
		{`{}`, true},
		{` { } `, true},

		// Implicit equality and membership.
		{`{"owner":"%%user.id"}`, true},
		{`{"owners":"%%user.id"}`, true},
		{`{"team":"%%user.custom_data.teams"}`, true},
		{`{"%%root.team":"%%user.custom_data.teams"}`, true},
		{`{"teams":"%%user.custom_data.teams"}`, false}, // an item in common is not enough
		{`{"team":"blue"}`, false},
		{`{"n":7}`, true},
		{`{"n":7.0}`, true},
		{`{"f":{"$numberLong":"7"}}`, true},
		{`{"n":"7"}`, false},
		{`{"n":7,"team":"red"}`, true},
		{`{"n":7,"team":"blue"}`, false},
		{`{"team":["blue","red"]}`, true},
		{`{"team":["%%user.custom_data.language","red"]}`, true},
		{`{"team":["%%user.custom_data.missing","red"]}`, true},
		{`{"sub":{"a":{"b":1}}}`, true},
		{`{"sub.a":{"b":"%%values.limits.low"}}`, true},
		{`{"sub.a":{"b":"%%values.missing"}}`, false},
		{`{"sub.a.b":1}`, true},
		{`{"rows.0.a":1}`, true},
		{`{"rows.00.a":1}`, false},
		{`{"list":["%%user.custom_data.missing"]}`, false},
		{`{"null":null}`, true},
		{`{"null":[null]}`, true},

		// Expansions.
		{`{"%%true":true}`, true},
		{`{"%%true":false}`, false},
		{`{"%%false":false}`, true},
		{`{"%%true":"%%user.custom_data.admin"}`, true},
		{`{"%%true":{"team":"red"}}`, true},
		{`{"%%false":{"team":"red"}}`, false},
		{`{"%%false":{"team":"blue"}}`, true},
		{`{"%%true":{"%and":[{"team":"red"},{"n":7}]}}`, true},
		{`{"%%true":{}}`, true},
		{`{"%%true":{"$eq":true}}`, true},
		{`{"%%user.type":"normal"}`, true},
		{`{"%%user.data.email":"anna@example.com"}`, true},
		{`{"%%user.custom_data.address.city":"Bonn"}`, true},
		{`{"%%user.identities.0.providerType":"local-userpass"}`, true},
		{`{"%%user.identities.0.provider_type":{"$exists":false}}`, true},
		{`{"%%environment.tag":"production"}`, true},
		{`{"%%environment.values.baseUrl":{"%exists":"%%true"}}`, true},
		{`{"%%request.remoteIPAddress":"192.0.2.1"}`, true},
		{`{"%%request.requestHeaders.Accept":"text/html"}`, true},
		{`{"%%prevRoot":{"%exists":true}}`, true},
		{`{"%%prevRoot.n":6,"%%this":7}`, true},
		{`{"%%prev":{"$exists":true}}`, false},
		{`{"%%user.id":"%%root.owner"}`, true},

		// Missing values and nulls in data equal nothing.
		{`{"missing":"%%user.custom_data.missing"}`, false},
		{`{"null":"%%user.custom_data.nothing"}`, false},
		{`{"null":"%%user.custom_data.holes"}`, false},
		{`{"null":{"$in":"%%user.custom_data.holes"}}`, false},
		{`{"null":{"$eq":"%%user.custom_data.nothing"}}`, false},
		{`{"missing":null}`, false},
		{`{"missing":{"$eq":null}}`, false},
		{`{"missing":{"$in":[null]}}`, false},

		// Operators.
		{`{"n":{"$eq":7}}`, true},
		{`{"n":{"%eq":7}}`, true},
		{`{"owners":{"$eq":"x"}}`, true},
		{`{"team":{"$eq":["red"]}}`, false},
		{`{"n":{"$ne":8}}`, true},
		{`{"n":{"$ne":7}}`, false},
		{`{"owners":{"$ne":"x"}}`, false},
		{`{"missing":{"$ne":8}}`, true},
		{`{"n":{"$ne":"%%user.custom_data.missing"}}`, false},
		{`{"n":{"$ne":"%%user.custom_data.nothing"}}`, false},
		{`{"n":{"$gt":6}}`, true},
		{`{"n":{"$gt":7}}`, false},
		{`{"n":{"$gte":7}}`, true},
		{`{"n":{"$gte":8}}`, false},
		{`{"n":{"$lt":8}}`, true},
		{`{"n":{"$lt":7}}`, false},
		{`{"n":{"$lte":7}}`, true},
		{`{"n":{"$lte":6}}`, false},
		{`{"n":{"$gt":6,"$lt":8}}`, true},
		{`{"n":{"$gt":"6"}}`, false},
		{`{"nan":{"$lt":1}}`, false},
		{`{"missing":{"$lt":1}}`, false},
		{`{"n":{"$lt":"%%user.custom_data.age"}}`, true},
		{`{"when":{"$gt":{"$date":"2019-01-01T00:00:00Z"}}}`, true},
		{`{"team":{"$in":["blue","red"]}}`, true},
		{`{"team":{"%in":"%%user.custom_data.teams"}}`, true},
		{`{"teams":{"$in":"%%user.custom_data.teams"}}`, true},
		{`{"%%user.id":{"$in":"%%values.admins"}}`, true},
		{`{"team":{"$in":["%%user.custom_data.missing","red"]}}`, true},
		{`{"team":{"$in":[]}}`, false},
		{`{"team":{"$in":"%%user.custom_data.missing"}}`, false},
		{`{"team":{"$nin":["blue"]}}`, true},
		{`{"team":{"$nin":["red"]}}`, false},
		{`{"teams":{"$nin":["green"]}}`, false},
		{`{"missing":{"$nin":["red"]}}`, true},
		{`{"team":{"$nin":"%%user.custom_data.missing"}}`, false},
		{`{"team":{"$nin":["%%user.custom_data.missing"]}}`, false},
		{`{"n":{"$exists":true}}`, true},
		{`{"null":{"$exists":true}}`, true},
		{`{"missing":{"$exists":true}}`, false},
		{`{"missing":{"$exists":false}}`, true},
		{`{"$and":[{"n":7},{"team":"red"}]}`, true},
		{`{"%and":[{"n":7},{"team":"blue"}]}`, false},
		{`{"$or":[{"n":8},{"team":"red"}]}`, true},
		{`{"%or":[{"n":8},false]}`, false},
		{`{"$nor":[{"n":8},{"team":"blue"}]}`, true},
		{`{"%nor":[{"n":7},{"team":"blue"}]}`, false},
		{`{"$not":{"n":8}}`, true},
		{`{"%not":{"n":7}}`, false},
		{`{"n":{"%and":[{"$gt":0},{"$lte":42}]}}`, true},
		{`{"n":{"$or":[{"$gt":8},{"$lt":8}]}}`, true},
		{`{"n":{"$nor":[{"$gt":8},{"$lt":6}]}}`, true},
		{`{"n":{"$not":{"$gt":8}}}`, true},
		{`{"n":{"$not":{"$gt":6}}}`, false},

		// Conversions.
		{`{"_id":{"%stringToOid":"%%user.id"}}`, true},
		{`{"_id":{"$stringToOid":"5f1f216e82df4a7979f9da93"}}`, true},
		{`{"_id":{"$eq":{"%stringToOid":"%%user.id"}}}`, true},
		{`{"_id":{"%stringToOid":"%%user.type"}}`, false},
		{`{"owner":{"%oidToString":"%%root._id"}}`, true},
		{`{"uuid":{"%stringToUuid":"%%user.custom_data.uuid"}}`, true},
		{`{"%%user.custom_data.uuid":{"%uuidToString":"%%root.uuid"}}`, true},
		{`{"_id":{"$oid":"5f1f216e82df4a7979f9da93"}}`, true},

		// Functions.
		{`{"%%true":{"%function":{"name":"first","arguments":[true]}}}`, true},
		{`{"%%true":{"%function":{"name":"first","arguments":[1]}}}`, false},
		{`{"%%false":{"%function":{"name":"first","arguments":[false]}}}`, true},
		{`{"team":{"$in":{"%function":{"name":"first","arguments":["%%user.custom_data.teams"]}}}}`, true},
		{`{"n":{"%function":{"name":"nothing"}}}`, false},
	}
	for _, test := range tests {
		e, err := expression.Parse([]byte(test.expression), everything)
		if err != nil {
			t.Errorf("%s: %v", test.expression, err)
			continue
		}
		if got, err := e.Eval(t.Context(), anna(t)); got != test.want || err != nil {
			t.Errorf("%s: got %v, %v; want %v", test.expression, got, err, test.want)
		}
	}
}

// An error is false, also where the condition is negated.
func TestExpression_ErrorIsFalse(t *testing.T) {
	for _, text := range []string{
		`{"%%true":{"%function":{"name":"fails"}}}`,
		`{"$not":{"%%true":{"%function":{"name":"fails"}}}}`,
		`{"n":{"$ne":{"%function":{"name":"fails"}}}}`,
		`{"n":{"$nin":"%%user.id"}}`,
		`{"$nor":[{"n":{"$in":"%%user.id"}}]}`,
		`{"$or":[{"%%true":{"%function":{"name":"fails"}}},true]}`,
		`{"$and":[` + strings.Repeat(`{"%%true":{"%function":{"name":"first","arguments":[true]}}},`, 8) + `{"%%true":{"%function":{"name":"first","arguments":[true]}}}]}`,
	} {
		e, err := expression.Parse([]byte(text), everything)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := e.Eval(t.Context(), anna(t)); got || err == nil {
			t.Errorf("%s: got %v, %v; want false and an error", text, got, err)
		}
	}
}

// Without a user nothing that is about users is true.
func TestExpression_MissingUserIsFalse(t *testing.T) {
	for _, text := range []string{
		`{"%%user.id":{"$exists":false}}`,
		`{"%%user.custom_data.banned":{"$ne":true}}`,
		`{"%%user.custom_data.banned":{"$nin":[true]}}`,
		`{"$not":{"%%user.type":"server"}}`,
		`{"$nor":[{"%%user.type":"server"}]}`,
		`{"%%false":{"%%user.type":"server"}}`,
		`{"owner":"%%user.id"}`,
	} {
		e, err := expression.Parse([]byte(text), everything)
		if err != nil {
			t.Fatal(err)
		}
		env := anna(t)
		env.User = bsonvalue.Value{}
		if got, err := e.Eval(t.Context(), env); got || err == nil {
			t.Errorf("%s: got %v, %v; want false and an error", text, got, err)
		}
	}
}

// A document and a user cannot together make an evaluation slow.
func TestExpression_BoundsComparisons(t *testing.T) {
	long := value(t, `[`+strings.Repeat(`1,`, 1000)+`1]`)
	env := &expression.Env{Root: value(t, `{}`).With("a", long), Values: value(t, `{}`).With("b", value(t, strings.ReplaceAll(`[`+strings.Repeat(`1,`, 1000)+`1]`, "1", "2")))}
	e, err := expression.Parse([]byte(`{"a":{"$nin":"%%values.b"}}`), everything)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := e.Eval(t.Context(), env); got || err == nil {
		t.Errorf("got %v, %v; want false and an error", got, err)
	}
}
