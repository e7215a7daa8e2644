package attack_test

import (
	"fmt"
	"strings"
)

// foreignQueries are filters that would find Anna's document.
var foreignQueries = []string{
	`{}`, `{"_id":"hush-a"}`, `{"id":"hush-anna"}`, `{"id":{"$ne":"hush-mallory"}}`, `{"id":{"$in":["hush-anna"]}}`, `{"id":{"$nin":["hush-mallory","hush-carl"]}}`,
	`{"id":{"$not":{"$eq":"hush-mallory"}}}`, `{"id":{"$gt":""}}`, `{"id":{"$exists":true},"team":"red"}`, `{"$or":[{"id":"hush-anna"},{"id":"hush-mallory"}]}`,
	`{"$or":[{},{"id":"hush-anna"}]}`, `{"$nor":[{"id":"hush-mallory"},{"id":"hush-carl"}]}`, `{"$and":[{"$or":[{"_id":"hush-a"}]},{}]}`, `{"id":{"$type":"string"},"team":"red"}`,
	`{"id":["hush-anna"]}`, `{"id":{"id":"hush-anna"}}`, `{"id.0":"hush-anna"}`, `{"mark":{"$gte":"hush of anna","$lt":"hush of b"}}`, `{"id":{"$all":["hush-anna"]}}`,
	`{"id":{"$elemMatch":{"$eq":"hush-anna"}}}`, `{"id":{"$regex":"^hush-a"}}`, `{"id":{"$regularExpression":{"pattern":"^hush-a","options":""}}}`, `{"id":{"$symbol":"hush-anna"}}`,
	`{"id":{"$in":["hush-mallory",{"$regularExpression":{"pattern":"a","options":""}}]}}`, `{"team":"red","__proto__":{"team":"blue"}}`, `{"id":"hush-mallory","\u0069d":"hush-anna"}`,
	`{"id":"hush-anna","$comment":"x"}`, `{"$where":"true"}`, `{"$expr":true}`, `{"id":{"$undefined":true}}`, `{"id":null}`, `{"nothing":null,"team":"red"}`,
}

// refusedFilters have operators that run code, compare fields, or are rare.
var refusedFilters = []string{
	`{"$where":"sleep(1000)||true"}`, `{"$function":{"body":"function(){return true}","args":[],"lang":"js"}}`, `{"$expr":{"$eq":["$id","hush-anna"]}}`,
	`{"$expr":{"$function":{"body":"1","args":[],"lang":"js"}}}`, `{"$accumulator":{}}`, `{"$jsonSchema":{}}`, `{"$text":{"$search":"x"}}`, `{"$and":[{"$where":"1"}]}`,
	`{"$or":[{"$expr":1}]}`, `{"mark":{"$not":{"$where":"1"}}}`, `{"tags":{"$elemMatch":{"$where":"1"}}}`, `{"mark":{"$regex":"(a+)+$"}}`, `{"mark":{"$code":"1"}}`,
	`{"mark":{"$code":"1","$scope":{}}}`, `{"mark":{"$near":[1,1]}}`, `{"mark":{"$gt":{"$expr":1}}}`, `{"$comment":"x"}`, `{"mark":{"a":{"$gt":1}}}`, `{"a.$where":1}`, `{"a\u0000b":1}`, `{"":1}`,
	`{"constructor":{"$where":"1"}}`, `{"__proto__":1}`, `{"a.__proto__.b":1}`, `[]`, `"x"`, `1`,
}

var refusedStages = []string{
	`{"$out":"evil"}`, `{"$merge":"evil"}`, `{"$merge":{"into":{"db":"app","coll":"users"}}}`, `{"$lookup":{"from":"users","localField":"team","foreignField":"team","as":"x"}}`,
	`{"$graphLookup":{"from":"users","startWith":"$id","connectFromField":"id","connectToField":"id","as":"x"}}`, `{"$unionWith":"users"}`, `{"$facet":{"a":[{"$match":{}}]}}`,
	`{"$group":{"_id":"$id"}}`, `{"$addFields":{"x":"$salary"}}`, `{"$set":{"x":"$salary"}}`, `{"$replaceRoot":{"newRoot":"$home"}}`, `{"$project":{"x":"$salary"}}`, `{"$project":{"x":{"$function":{}}}}`,
	`{"$project":{"x":{"$gt":["$salary",1]}}}`, `{"$match":{"$expr":{"$gt":["$salary",1]}}}`, `{"$match":{},"$out":"evil"}`, `{"$match":{"x":{"$lookup":{}}}}`, `{"$sort":{"x":{"$meta":"textScore"}}}`,
	`{"$collStats":{}}`, `{"$currentOp":{}}`, `{"$listSessions":{}}`, `{"$documents":[]}`, `{"$redact":"$$KEEP"}`, `{"$unwind":"$tags"}`, `{"$sample":{"size":1}}`, `{"$count":"n"}`, `1`, `{}`,
}

var refusedUpdates = []string{
	`[{"$set":{"mark":"evil"}}]`, `[{"$replaceWith":{"id":"hush-anna"}}]`, `{"$set":{"mark":{"$function":{}}}}`, `{"$set":{"mark":"$salary","$where":1}}`, `{"$set":{"tags.$":"evil"}}`, `{"$set":{"tags.$[]":"evil"}}`,
	`{"$set":{"tags.$[x]":"evil"}}`, `{"$bit":{"n":{"or":1}}}`, `{"$pull":{"tags":{"$where":"1"}}}`, `{"$pull":{"tags":{"$regex":"x"}}}`, `{"$push":{"tags":{"$each":["evil"],"$sort":1}}}`, `{"mark":"evil"}`, `{}`,
	`{"$set":{"__proto__":{"x":1}}}`, `{"$set":{"home.__proto__.x":1}}`, `{"$set":{"home":{"__proto__":1}}}`, `{"$set":{"a\u0000":1}}`, `{"$set":{"":1}}`, `{"$set":{"home":{"a.b":1}}}`, `{"$set":{"home":{"$x":1}}}`,
	`{"$set":{"n":2,"n.x":1}}`, `{"$set":{"n":2},"$inc":{"n":1}}`, `{"$set":{"n":2},"$set":{"n":3}}`, `{"$set":{"n":2,"\u006e":3}}`, `{"$unknown":{"n":1}}`,
}

// refusedRows returns rows that are all 400.
func refusedRows() (rows []dataRow) {
	for _, filter := range refusedFilters {
		rows = append(rows, dataRow{refusedParts, "the filter " + filter, "find", `"query":` + filter, "400"},
			dataRow{refusedParts, "the filter " + filter + " of an update", "updateOne", `"query":` + filter + `,"update":{"$set":{"mark":"evil"}}`, "400"})
	}
	for _, stage := range refusedStages {
		rows = append(rows, dataRow{refusedParts, "the stage " + stage, "aggregate", `"pipeline":[{"$match":{}},` + stage + `]`, "400"})
	}
	for _, update := range refusedUpdates {
		rows = append(rows, dataRow{refusedParts, "the update " + update, "updateOne", `"query":{"id":"hush-mallory"},"update":` + update, "400"})
	}
	return rows
}

// own returns an update of Mallory's own document.
func own(k kind, update, want string) dataRow {
	return dataRow{k, update, "updateOne", `"query":{"id":"hush-mallory"},"update":` + update, want}
}

// replacement returns a replacement of Mallory's own document.
func replacement(k kind, document, want string) dataRow {
	return dataRow{k, "the document " + document, "replaceOne", `"query":{"id":"hush-mallory"},"update":` + document, want}
}

const mallorysRest = `"mark":"hush of mallory","team":"blue","plan":"free","tags":["x"],"n":1,"home":{"city":"Linz"}`

var dataRows = []dataRow{
	own(dataIdentity, `{"$set":{"id":"hush-anna"}}`, "403"), own(dataIdentity, `{"$set":{"id":["hush-mallory","hush-anna"]}}`, "403"), own(dataIdentity, `{"$set":{"id":{"x":1}}}`, "403"),
	own(dataIdentity, `{"$unset":{"id":1}}`, "403"), own(dataIdentity, `{"$rename":{"id":"x"}}`, "403"), own(dataIdentity, `{"$rename":{"mark":"id"}}`, "403"), own(dataIdentity, `{"$set":{"_id":"hush-a"}}`, "403"),
	own(dataIdentity, `{"$set":{"id.x":1}}`, "400"), own(dataIdentity, `{"$push":{"id":"hush-anna"}}`, "400"), own(dataIdentity, `{"$min":{"id":"a"}}`, "403"), own(dataIdentity, `{"$currentDate":{"id":true}}`, "403"),
	replacement(dataIdentity, `{"id":"hush-anna",`+mallorysRest+`}`, "403"), replacement(dataIdentity, `{`+mallorysRest+`}`, "403"), replacement(dataIdentity, `{"_id":"hush-x","id":"hush-mallory",`+mallorysRest+`}`, "403"),
	{dataIdentity, "a second document", "insertOne", `"document":{"id":"hush-mallory"}`, "403"},
	{dataIdentity, "a document of Anna", "insertOne", `"document":{"id":"hush-anna"}`, "403"},
	{dataIdentity, "a document of several users", "insertOne", `"document":{"id":["hush-mallory","hush-anna"]}`, "403"},
	{dataIdentity, "a document of no user", "insertOne", `"document":{"mark":"evil"}`, "403"},
	{dataIdentity, "a document with the _id of another", "insertOne", `"document":{"_id":"hush-a","id":"hush-mallory"}`, "403"},
	{dataIdentity, "an upsert of Anna's document", "updateOne", `"query":{"id":"hush-anna"},"update":{"$set":{"mark":"evil"}},"upsert":true`, "403"},
	{dataIdentity, "an upsert of another user", "updateOne", `"query":{"id":"hush-dora"},"update":{"$set":{"mark":"evil"}},"upsert":true`, "403"},
	{dataIdentity, "an upsert with $setOnInsert of the id", "updateOne", `"query":{"x":1},"update":{"$setOnInsert":{"id":"hush-dora"}},"upsert":true`, "403"},
	{dataIdentity, "an upsert of a second document", "replaceOne", `"query":{"x":1},"update":{"id":"hush-mallory"},"upsert":true`, "403"},
	{dataIdentity, "deleting one's document, which plan forbids", "deleteOne", `"query":{"id":"hush-mallory"}`, "403"},
	{dataIdentity, "deleting a document of the team", "findOneAndDelete", `"filter":{"id":"hush-carl"}`, "403"},
	{dataIdentity, "a document of the team", "updateOne", `"query":{"id":"hush-carl"},"update":{"$set":{"id":"hush-mallory"}}`, "403"},

	own(dataRights, `{"$set":{"roles":["admin"]}}`, "403"), own(dataRights, `{"$set":{"isAdmin":true}}`, "403"), own(dataRights, `{"$set":{"IS_ADMIN":true}}`, "403"), own(dataRights, `{"$set":{"home.roles":1}}`, "403"),
	own(dataRights, `{"$set":{"home":{"x":[{"roles":1}]}}}`, "403"), own(dataRights, `{"$rename":{"mark":"roles"}}`, "403"), own(dataRights, `{"$rename":{"mark":"home.scope"}}`, "403"), own(dataRights, `{"$push":{"roles":"admin"}}`, "403"),
	own(dataRights, `{"$push":{"tags":{"roles":1}}}`, "403"), own(dataRights, `{"$push":{"tags":{"$each":[{"roles":1}]}}}`, "403"), own(dataRights, `{"$addToSet":{"permissions":"all"}}`, "403"), own(dataRights, `{"$inc":{"accessLevel":9}}`, "403"),
	own(dataRights, `{"$max":{"tenantAdmin":1}}`, "403"), own(dataRights, `{"$set":{"tags.0":{"scope":1}}}`, "403"), own(dataRights, `{"$set":{"tags.1.roles":1}}`, "403"), own(dataRights, `{"$currentDate":{"admin":true}}`, "403"),
	own(dataRights, `{"$set":{"plan":"pro"}}`, "403"), own(dataRights, `{"$unset":{"plan":1}}`, "403"), own(dataRights, `{"$rename":{"mark":"plan"}}`, "403"), own(dataRights, `{"$rename":{"plan":"mark"}}`, "403"),
	own(dataRights, `{"$set":{"team":"red"}}`, "403"), own(dataRights, `{"$set":{"team":["red","blue"]}}`, "403"), own(dataRights, `{"$set":{"region":"eu"}}`, "403"), own(dataRights, `{"$set":{"region":{"x":"eu"}}}`, "403"), own(dataRights, `{"$set":{"region.x":"eu"}}`, "403"),
	replacement(dataRights, `{"id":"hush-mallory","mark":"evil"}`, "403"), replacement(dataRights, `{"id":"hush-mallory","roles":["admin"],`+mallorysRest+`}`, "403"),
	{dataRights, "findOneAndUpdate of plan", "findOneAndUpdate", `"filter":{"id":"hush-mallory"},"update":{"$set":{"plan":"pro"}},"returnNewDocument":true`, "403"},
	{dataRights, "the team of a document of the team", "updateOne", `"query":{"id":"hush-carl"},"update":{"$set":{"team":"red"}}`, "403"},

	{otherData, "admin.system.users", "find", `{"database":"admin","collection":"system.users","query":{}}`, "403"},
	{otherData, "app.system.users", "find", `{"database":"app","collection":"system.users","query":{}}`, "403"},
	{otherData, "app.$cmd", "find", `{"database":"app","collection":"$cmd","query":{}}`, "403"},
	{otherData, "another collection", "find", `{"database":"app","collection":"orders","query":{}}`, "403"},
	{otherData, "another database", "find", `{"database":"other","collection":"users","query":{}}`, "403"},
	{otherData, "the namespace in another case", "find", `{"database":"App","collection":"Users","query":{}}`, "403"},
	{otherData, `app\u0000.users`, "find", `{"database":"app\u0000","collection":"users","query":{}}`, "403"},
	{otherData, "empty names", "find", `{"database":"","collection":"","query":{}}`, "403"},
	{otherData, "no namespace", "find", `{"query":{}}`, "400"},
	{otherData, "a schema name", "find", `{"schema_name":"users","query":{}}`, "403"},
	{otherData, "names that are objects", "find", `{"database":{"$ne":1},"collection":{"$ne":1}}`, "400"},
	{otherData, "two databases", "find", `{"database":"app","collection":"users","database":"admin"}`, "400"},
	{otherData, "two arguments", "find", `[{"database":"app","collection":"users"},{"database":"admin"}]`, "400"},
	{otherData, "updateMany", "updateMany", `"query":{},"update":{"$set":{"mark":"evil"}}`, "400"},
	{otherData, "deleteMany", "deleteMany", `"query":{}`, "400"},
	{otherData, "insertMany", "insertMany", `"documents":[{"id":"hush-mallory"}]`, "400"},
	{otherData, "drop", "drop", `"query":{}`, "400"},
	{otherData, "__proto__", "__proto__", `"query":{}`, "400"},
	{otherData, "arrayFilters", "updateOne", `"query":{"id":"hush-mallory"},"update":{"$set":{"mark":"evil"}},"arrayFilters":[{"x":1}]`, "400"},
	{otherData, "collation", "find", `"query":{"id":"HUSH-ANNA"},"collation":{"locale":"en","strength":1}`, "400"},
	{otherData, "hint", "find", `"query":{},"hint":"x"`, "400"},
	{otherData, "let", "find", `"query":{},"let":{"x":1}`, "400"},

	{extendedJSON, "an ObjectId that is a number", "find", `"query":{"id":{"$oid":1}}`, "400"},
	{extendedJSON, "an ObjectId with 3 digits", "find", `"query":{"id":{"$oid":"abc"}}`, "400"},
	{extendedJSON, "an ObjectId and more", "find", `"query":{"id":{"$oid":"000000000000000000000000","$ne":1}}`, "400"},
	{extendedJSON, "a Long that is too large", "find", `"query":{"n":{"$numberLong":"9223372036854775808"}}`, "400"},
	{extendedJSON, "an Int that is too large", "find", `"query":{},"limit":{"$numberInt":"2147483648"}`, "400"},
	{extendedJSON, "NaN as the limit", "find", `"query":{},"limit":{"$numberDouble":"NaN"}`, "400"},
	{extendedJSON, "an infinite limit", "find", `"query":{},"limit":{"$numberDouble":"Infinity"}`, "400"},
	{extendedJSON, "a negative limit", "find", `"query":{},"limit":-1`, "400"},
	{extendedJSON, "a date in the year 9e9", "find", `"query":{"n":{"$date":{"$numberLong":"9223372036854775807"}}}`, "200 []"},
	{extendedJSON, "code, in a document", "insertOne", `"document":{"id":"hush-mallory","x":{"$code":"while(true);"}}`, "400|403"},
	{extendedJSON, "a DBPointer", "find", `"query":{"id":{"$dbPointer":{"$ref":"users","$id":{"$oid":"000000000000000000000000"}}}}`, "400"},
	{extendedJSON, "a DBRef", "find", `"query":{"id":{"$ref":"users","$id":"hush-a"}}`, "400"},
	{extendedJSON, "MinKey and MaxKey", "find", `"query":{"id":{"$gt":{"$minKey":1},"$lt":{"$maxKey":1}}}`, "400"},
	{extendedJSON, "binary that is not base64", "find", `"query":{"id":{"$binary":{"base64":"!","subType":"00"}}}`, "400"},
	{extendedJSON, "names with escapes", "find", `"query":{"\u0024where":"1"}`, "400"},
	{extendedJSON, "half of a surrogate pair", "find", `"query":{"mark":"\ud800"}`, "200 []|400"},

	{expensiveData, "10,000 nested $and", "find", `"query":` + strings.Repeat(`{"$and":[`, 10_000) + "{}" + strings.Repeat("]}", 10_000), "400"},
	{expensiveData, "40 nested $and", "find", `"query":` + strings.Repeat(`{"$and":[`, 40) + "{}" + strings.Repeat("]}", 40), "400"},
	{expensiveData, "40 nested $not", "find", `"query":{"n":` + strings.Repeat(`{"$not":`, 40) + `{"$eq":1}` + strings.Repeat("}", 41), "400"},
	{expensiveData, "an $in of 20,000 values", "find", `"query":{"n":{"$in":[0` + strings.Repeat(",1", 20_000) + `]}}`, "400"},
	{expensiveData, "an $or of 10,000 queries", "find", `"query":{"$or":[{}` + strings.Repeat(`,{"n":1}`, 10_000) + `]}`, "400"},
	{expensiveData, "a path of 10,000 names", "find", `"query":{"a` + strings.Repeat(".a", 10_000) + `":1}`, "400"},
	{expensiveData, "a sort by 1,000 fields", "find", `"query":{},"sort":{` + fields(1000) + `}`, "400"},
	{expensiveData, "a projection of 10,000 fields", "find", `"query":{},"project":{` + fields(10_000) + `}`, "400"},
	{expensiveData, "a pipeline of 1,000 stages", "aggregate", `"pipeline":[{"$match":{}}` + strings.Repeat(`,{"$sort":{"n":1}}`, 1000) + `]`, "400"},
	large("an update of 10,000 fields", `{"$set":{`+fields(10_000)+`}}`), large("an index of a million", `{"$set":{"tags.1000000":1}}`), large("a text of 100 KiB", `{"$set":{"mark":"`+strings.Repeat("x ", 50<<10)+`"}}`),
	large("a list of 20,000 values", `{"$push":{"tags":{"$each":[0`+strings.Repeat(",1", 20_000)+`]}}}`), large("99 nested objects", `{"$set":{"x":`+strings.Repeat(`{"x":`, 95)+"1"+strings.Repeat("}", 95)+`}}`),
}

// large returns an expensive update of Mallory's own document.
func large(sends, update string) dataRow {
	row := own(expensiveData, update, "400")
	row.sends = sends
	return row
}

// fields returns members with n names.
func fields(n int) string {
	var members []string
	for i := range n {
		members = append(members, fmt.Sprintf(`"f%d":1`, i))
	}
	return strings.Join(members, ",")
}
