package data_test

import (
	"fmt"
	"strings"
	"testing"
)

// hidingRole lets users read documents of their team, without the salary.
const hidingRole = `[
	{"name":"owner","apply_when":{"owner":"%%user.id"},"read":true,"write":true,"insert":true,"delete":true},
	{"name":"team","apply_when":{"team":"%%user.custom_data.team"},"insert":false,"delete":false,
		"fields":{"salary":{"read":false,"write":false},"home":{"fields":{"city":{"read":true}}}},"additional_fields":{"read":true,"write":true}}]`

// victim is the document that attacks are on.
const victim = `{"_id":"b","owner":"ben","team":"red","salary":5000,"tags":["x"],"home":{"city":"Oslo","street":"secret 7"}}`

func TestAttack_NoQueryFindsAnotherUsersDocument(t *testing.T) {
	w := newWorld(t, ownerRole, "", `{"_id":"a","owner":"anna"}`, victim)
	for _, query := range []string{
		`{"_id":"b"}`, `{"owner":"ben"}`, `{"owner":{"$ne":"anna"}}`, `{"owner":{"$in":["ben"]}}`, `{"owner":{"$nin":["anna"]}}`,
		`{"owner":{"$gt":"anna"}}`, `{"owner":{"$not":{"$eq":"anna"}}}`, `{"owner":{"$exists":true},"_id":{"$ne":"a"}}`,
		`{"$or":[{"owner":"ben"},{"_id":"b"}]}`, `{"$nor":[{"owner":"anna"}]}`, `{"$and":[{"$or":[{},{"owner":"ben"}]},{"_id":"b"}]}`,
		`{"$or":[{"owner":"anna"},{"owner":"ben"}],"_id":"b"}`, `{"_id":{"$type":"string"},"salary":{"$gt":0}}`, `{"tags":{"$elemMatch":{"$eq":"x"}}}`,
	} {
		for operation, name := range map[string]string{"find": "query", "findOne": "query", "count": "query", "updateOne": "query", "deleteOne": "query", "findOneAndUpdate": "filter", "findOneAndDelete": "filter"} {
			got := w.call(user("anna", ""), operation, fmt.Sprintf(`%q:%s,"update":{"$set":{"x":1}}`, name, query))
			switch got {
			case `[]`, `null`, `{"$numberLong":"0"}`, `{"deletedCount":{"$numberInt":"0"}}`, `{"matchedCount":{"$numberInt":"0"},"modifiedCount":{"$numberInt":"0"}}`:
			default:
				t.Errorf("%s of %s = %s, want nothing", operation, query, got)
			}
		}
	}
	if got := w.stored("b"); got != victim {
		t.Errorf("the other user's document is %s", got)
	}
}

func TestAttack_OperatorsAreRefusedInEveryPosition(t *testing.T) {
	w := newWorld(t, `[{"name":"all","read":true,"write":true,"insert":true,"delete":true}]`, "", victim)
	for _, query := range []string{
		`{"$where":"sleep(1000)"}`, `{"$expr":{"$eq":[1,1]}}`, `{"$jsonSchema":{}}`, `{"$text":{"$search":"x"}}`, `{"$comment":"x"}`, `{"$unknown":1}`,
		`{"a":{"$where":"1"}}`, `{"a":{"$regex":"^(a+)+$"}}`, `{"a":{"$regularExpression":{"pattern":"a","options":""}}}`, `{"a":{"$code":"1"}}`,
		`{"a":{"$code":"1","$scope":{}}}`, `{"a":{"$function":{"body":"1","args":[],"lang":"js"}}}`, `{"a":{"$near":[1,1]}}`, `{"a":{"$geoWithin":{}}}`,
		`{"$or":[{"$where":"1"}]}`, `{"a":{"$not":{"$where":"1"}}}`, `{"a":{"$elemMatch":{"$where":"1"}}}`, `{"a":{"$elemMatch":{"b":{"$expr":1}}}}`,
		`{"a":{"$in":[{"$regex":"x"}]}}`, `{"a":{"$in":[{"$regularExpression":{"pattern":"a","options":""}}]}}`, `{"a":{"$all":[{"$elemMatch":{"$where":"1"}}]}}`,
		`{"a":{"b":{"$gt":1}}}`, `{"a":[{"$where":"1"}]}`, `{"a":{"b":1,"$gt":1}}`, `{"a":{"$gt":1,"b":1}}`, `{"a.$where":1}`, `{"a..b":1}`, `{"":1}`, `{"a":{"$ref":"c","$id":1}}`,
		`{"$and":{"$where":"1"}}`, `{"$and":[]}`, `{"$or":[1]}`, `{"a":{"$size":-1}}`, `{"a":{"$mod":[0,1]}}`, `[]`, `"x"`, `{"__proto__":{"$gt":1}}`,
		`{"a":{"$not":{}}}`, `{"a":{"$not":5}}`, `{"a":{"$rand":{}}}`, `{"a":{"$bitsAllSet":1}}`, `{"$alwaysTrue":1}`,
	} {
		for operation, name := range map[string]string{"find": "query", "updateOne": "query", "deleteOne": "query", "findOneAndUpdate": "filter"} {
			if got := w.call(user("anna", ""), operation, fmt.Sprintf(`%q:%s,"update":{"$set":{"x":1}}`, name, query)); !strings.HasPrefix(got, "400 InvalidParameter: ") {
				t.Errorf("%s of %s = %s, want 400", operation, query, got)
			}
		}
		if got := w.call(user("anna", ""), "aggregate", fmt.Sprintf(`"pipeline":[{"$match":%s}]`, query)); !strings.HasPrefix(got, "400 InvalidParameter: ") {
			t.Errorf("$match of %s = %s, want 400", query, got)
		}
	}
	for _, stage := range []string{
		`{"$out":"x"}`, `{"$merge":"x"}`, `{"$lookup":{"from":"x","as":"y"}}`, `{"$group":{"_id":null}}`, `{"$unionWith":"x"}`, `{"$graphLookup":{}}`, `{"$facet":{}}`,
		`{"$addFields":{"x":1}}`, `{"$project":{"x":"$salary"}}`, `{"$project":{"x":{"$function":{}}}}`, `{"$match":{},"$out":"x"}`, `{}`, `{"$limit":0}`, `{"$limit":-1}`,
		`{"$sort":{"x":{"$meta":"textScore"}}}`, `{"$sort":{}}`, `{"$collStats":{}}`, `{"$currentOp":{}}`, `1`,
	} {
		if got := w.call(user("anna", ""), "aggregate", `"pipeline":[`+stage+`]`); !strings.HasPrefix(got, "400 InvalidParameter: ") {
			t.Errorf("the stage %s = %s, want 400", stage, got)
		}
	}
	for _, update := range []string{
		`[{"$set":{"x":1}}]`, `{}`, `{"x":1}`, `{"$set":1}`, `{"$set":{"$x":1}}`, `{"$set":{"x":{"$y":1}}}`, `{"$set":{"x":{"a.b":1}}}`, `{"$set":{"x":[{"$y":1}]}}`,
		`{"$set":{"a.$":1}}`, `{"$set":{"a.$[]":1}}`, `{"$set":{"a.$[e].b":1}}`, `{"$set":{"a":1,"a.b":1}}`, `{"$set":{"a":1},"$inc":{"a":1}}`, `{"$bit":{"a":{"and":1}}}`,
		`{"$pull":{"tags":{"$where":"1"}}}`, `{"$pull":{"tags":{"a":{"$regex":"x"}}}}`, `{"$push":{"tags":{"$each":[{"$x":1}]}}}`, `{"$push":{"tags":{"$each":[1],"$sort":1}}}`,
		`{"$set":{"a":{"$regularExpression":{"pattern":"","options":""}}}}`, `{"$push":{"tags":{"$each":[{"$code":"1"}]}}}`, `{"$max":{"a":[{"$code":"1","$scope":{}}]}}`,
		`{"$rename":{"a":"$b"}}`, `{"$rename":{"a":"a.b"}}`, `{"$currentDate":{"a":{"$type":"timestamp"}}}`, `{"$inc":{"a":"1"}}`, `{"$set":{"":1}}`, `{"$set":{"a":{"__proto__":1}}}`,
		`{"$set":{"__proto__.x":1}}`, `{"$set":{"tags.2000":1}}`, `{"$set":{"owner.x":1}}`, `{"$setOnInsert":{"a":{"$x":1}}}`, `{"$pullAll":{"tags":[1]}}`, `{"$pushAll":{"tags":[1]}}`,
	} {
		if got := w.call(user("anna", ""), "updateOne", `"query":{},"update":`+update); !strings.HasPrefix(got, "400 InvalidParameter: ") {
			t.Errorf("the update %s = %s, want 400", update, got)
		}
	}
	if got := w.stored("b"); got != victim {
		t.Errorf("the document is %s, want it unchanged", got)
	}
}

// An attacker must get the same answers for all values of a hidden field.
func TestAttack_HiddenFieldsCannotBeGuessed(t *testing.T) {
	w := newWorld(t, hidingRole, "", `{"_id":"a","owner":"anna","team":"blue"}`)
	probes := []step{
		{"sort", "find", `"query":{},"sort":{"salary":1},"limit":1`, ""},
		{"aggregate after a projection", "aggregate", `"pipeline":[{"$project":{"salary":1}},{"$match":{"salary":{"$exists":true}}}]`, ""},
		{"aggregate in another order", "aggregate", `"pipeline":[{"$limit":2},{"$sort":{"salary":-1}}]`, ""},
		{"no change", "updateOne", `"query":{"_id":"b"},"update":{"$max":{"salary":5000}}`, ""},
		{"set to the same", "updateOne", `"query":{"_id":"b"},"update":{"$set":{"salary":5000}}`, ""},
		{"type", "updateOne", `"query":{"_id":"b"},"update":{"$inc":{"salary":0}}`, ""},
		{"array", "updateOne", `"query":{"_id":"b"},"update":{"$pull":{"salary":5000}}`, ""},
		{"rename", "updateOne", `"query":{"_id":"b"},"update":{"$rename":{"salary":"note"}}`, ""},
		{"unset", "findOneAndUpdate", `"filter":{"_id":"b"},"update":{"$unset":{"salary":1}}`, ""},
		{"replace", "replaceOne", `"query":{"_id":"b"},"update":{"owner":"ben","team":"red","salary":5000,"tags":["x"],"home":{"city":"Oslo","street":"secret 7"}}`, ""},
		{"whole document", "findOne", `"query":{"home":{"city":"Oslo","street":"secret 7"}}`, ""},
		{"street", "findOne", `"query":{"home.street":{"$gt":"s"}}`, ""},
		{"a projection that hides the check", "findOneAndUpdate", `"filter":{"salary":{"$gte":5000}},"update":{"$set":{"note":1}},"projection":{"_id":1}`, ""},
		{"upsert", "updateOne", `"query":{"salary":5000},"update":{"$set":{"note":1}},"upsert":true`, ""},
		{"size", "updateOne", `"query":{"_id":"b"},"update":{"$set":{"note":"` + strings.Repeat("x", 20<<10) + `"}}`, ""},
	}
	for _, operator := range []string{"$eq", "$ne", "$gt", "$gte", "$lt", "$lte"} {
		probes = append(probes, step{"compare", "find", fmt.Sprintf(`"query":{"salary":{%q:5000}}`, operator), ""})
		probes = append(probes, step{"compare in $nor", "count", fmt.Sprintf(`"query":{"$nor":[{"salary":{%q:5000}}]}`, operator), ""})
		probes = append(probes, step{"compare in $or", "count", fmt.Sprintf(`"query":{"$or":[{"team":"red"},{"salary":{%q:5000}}]}`, operator), ""})
		probes = append(probes, step{"delete", "deleteOne", fmt.Sprintf(`"query":{"salary":{%q:5000}}`, operator), ""})
	}
	answers := map[string]string{}
	for _, salary := range []string{"1", "5000", "9000", `"text"`, "[5000]", "null"} {
		doc := strings.Replace(victim, "5000", salary, 1)
		for _, probe := range probes {
			if _, err := w.collection.DeleteOne(t.Context(), map[string]string{"_id": "b"}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.collection.InsertOne(t.Context(), mustBSON(t, doc)); err != nil {
				t.Fatal(err)
			}
			got := w.call(user("eve", `{"team":"red"}`), probe.operation, probe.args)
			key := probe.operation + " " + probe.args
			if before, ok := answers[key]; ok && before != got || strings.Contains(got, "5000") || strings.Contains(got, "secret") {
				t.Errorf("%s: %s with the salary %s = %s, and with another %s", probe.name, key, salary, got, before)
			}
			answers[key] = got
			if w.stored("b") != doc {
				t.Errorf("%s: %s changed the document to %s", probe.name, key, w.stored("b"))
			}
		}
	}
}

func TestAttack_RolesShowOnlyTheirFields(t *testing.T) {
	w := newWorld(t, hidingRole, "", victim)
	w.run(user("eve", `{"team":"red"}`), []step{
		{"what the role can read", "find", ``, `[{"_id":"b","owner":"ben","team":"red","tags":["x"],"home":{"city":"Oslo"}}]`},
		{"projection of what is hidden", "find", `"project":{"salary":1,"home.street":1}`, `[{"_id":"b","home":{}}]`},
		{"a field that can be read", "find", `"query":{"home.city":"Oslo"}`, `"city":"Oslo"`},
		{"another field", "updateOne", `"query":{},"update":{"$set":{"note":"x"}}`, `"modifiedCount":{"$numberInt":"1"}`},
		{"a field without permission", "updateOne", `"query":{},"update":{"$set":{"home.city":"x"}}`, `403 NoMatchingRuleFound`},
		{"delete", "deleteOne", ``, `403 NoMatchingRuleFound`},
	})
	w.run(user("mallory", `{"team":"blue"}`), []step{{"another team", "find", ``, `[]`}})
	w.run(user("mallory", ``), []step{{"no team", "find", ``, `[]`}})
}

func TestAttack_WritesGiveNoPrivilege(t *testing.T) {
	w := newWorld(t, ownerRole, "", `{"_id":"a","owner":"anna","n":1}`, victim)
	refused := []step{
		{"a privileged field", "updateOne", `"query":{},"update":{"$set":{"roles":["admin"]}}`, "403"},
		{"nested", "updateOne", `"query":{},"update":{"$set":{"x":{"y":[{"roles":1}]}}}`, "403"},
		{"deep path", "updateOne", `"query":{},"update":{"$set":{"x.roles.y":1}}`, "403"},
		{"rename", "updateOne", `"query":{},"update":{"$rename":{"n":"roles"}}`, "403"},
		{"push", "updateOne", `"query":{},"update":{"$push":{"roles":"admin"}}`, "403"},
		{"replace", "replaceOne", `"query":{},"update":{"owner":"anna","roles":["admin"]}`, "403"},
		{"the user id", "updateOne", `"query":{},"update":{"$set":{"owner":"ben"}}`, "403"},
		{"the user id in a document", "updateOne", `"query":{},"update":{"$set":{"owner":{"x":1}}}`, "403"},
		{"without the user id", "updateOne", `"query":{},"update":{"$unset":{"owner":1}}`, "403"},
		{"rename of the user id", "updateOne", `"query":{},"update":{"$rename":{"owner":"x"}}`, "403"},
		{"replace with another user id", "replaceOne", `"query":{},"update":{"owner":"ben"}`, "403"},
		{"replace without the user id", "findOneAndReplace", `"filter":{},"update":{"n":1}`, "403"},
		{"_id", "updateOne", `"query":{},"update":{"$set":{"_id":"b"}}`, "403"},
		{"levels that lock the user out", "updateOne", `"query":{},"update":{"$set":{"z` + strings.Repeat(".x", 30) + `":` + strings.Repeat(`{"x":`, 60) + "1" + strings.Repeat("}", 60) + `}}`, "400 InvalidParameter: the document would be nested"},
		{"replace with another _id", "replaceOne", `"query":{},"update":{"_id":"c","owner":"anna"}`, "403"},
	}
	w.run(user("anna", ""), refused)
	if got := w.stored("a"); got != `{"_id":"a","owner":"anna","n":1}` {
		t.Errorf("the document is %s", got)
	}
	everything := `[{"name":"all","read":true,"write":true,"insert":true,"delete":true}]`
	w.setRoles(everything, "")
	w.run(user("eve", ""), []step{
		{"insert for another user", "insertOne", `"document":{"owner":"carl"}`, "403"},
		{"insert for two users", "insertOne", `"document":{"owner":["eve","ben"]}`, "403"},
		{"insert without a user", "insertOne", `"document":{"n":1}`, "403"},
		{"insert of privilege", "insertOne", `"document":{"owner":"eve","roles":[]}`, "403"},
		{"upsert for another user", "updateOne", `"query":{"owner":"carl"},"update":{"$set":{"n":1}},"upsert":true`, "403"},
		{"upsert that sets another user", "updateOne", `"query":{"owner":"eve","n":9},"update":{"$setOnInsert":{"x":1},"$set":{"y.owner":"carl","roles":1}},"upsert":true`, "403"},
		{"replacing upsert for another user", "replaceOne", `"query":{"_id":"z"},"update":{"owner":"carl"},"upsert":true`, "403"},
		{"the user id of a document of another user", "updateOne", `"query":{"_id":"b"},"update":{"$set":{"owner":"eve"}}`, "403"},
		{"an _id that exists", "insertOne", `"document":{"_id":"b","owner":"eve"}`, "400"},
		{"a large document", "insertOne", `"document":{"owner":"eve","x":"` + strings.Repeat("x", 20<<10) + `"}`, "400"},
	})
	if n, err := w.collection.CountDocuments(t.Context(), struct{}{}); err != nil || n != 2 {
		t.Errorf("there are %d documents, %v; want 2", n, err)
	}
}

func TestAttack_ArgumentsAreBounded(t *testing.T) {
	w := newWorld(t, `[{"name":"all","read":true,"write":true}]`, "", victim)
	deep := strings.Repeat(`{"a":`, 60) + `1` + strings.Repeat(`}`, 60)
	for name, args := range map[string]string{
		"deep value":      `"query":` + deep,
		"deep logic":      `"query":` + strings.Repeat(`{"$and":[`, 40) + `{}` + strings.Repeat(`]}`, 40),
		"deep operators":  `"query":{"a":` + strings.Repeat(`{"$not":`, 40) + `{"$eq":1}` + strings.Repeat(`}`, 41),
		"many conditions": `"query":{"$or":[` + strings.Repeat(`{"a":1},`, 200) + `{"a":1}]}`,
		"many values":     `"query":{"a":{"$in":[` + strings.Repeat(`1,`, 2000) + `1]}}`,
		"long path":       `"query":{"a` + strings.Repeat(`.a`, 50) + `":1}`,
		"many sort keys":  `"query":{},"sort":{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}`,
		"twice":           `"query":{"a":1,"a":2}`,
		"negative limit":  `"query":{},"limit":-1`,
		"collation":       `"query":{},"collation":{"locale":"en"}`,
		"hint":            `"query":{},"hint":"x"`,
	} {
		if got := w.call(user("anna", ""), "find", args); !strings.HasPrefix(got, "400 InvalidParameter: ") {
			t.Errorf("%s = %.200s, want 400", name, got)
		}
	}
}

func TestAttack_OtherNamespacesHaveNoRule(t *testing.T) {
	w := newWorld(t, ownerRole, "", victim)
	for _, namespace := range []string{`"database":"admin","collection":"system.users"`, `"database":"tokengraft_test","collection":"tokengraft_users"`} {
		got, err := w.service.Call(t.Context(), user("anna", ""), "find", raw(`{`+namespace+`}`))
		if err == nil || !strings.Contains(err.Error(), "NoMatchingRuleFound: no rule exists for namespace '") {
			t.Errorf("find in %s = %s, %v; want no rule", namespace, got, err)
		}
	}
	for _, arg := range []string{`{}`, `{"database":"tokengraft_test"}`, `{"database":{"$ne":1},"collection":"x"}`, `[]`, `1`, `{`} {
		if got, err := w.service.Call(t.Context(), user("anna", ""), "find", raw(arg)); err == nil || !strings.Contains(err.Error(), "InvalidParameter") {
			t.Errorf("find with %s = %s, %v; want a refusal", arg, got, err)
		}
	}
}
