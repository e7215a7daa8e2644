package data_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/appservices/data"
)

var _ hooks.Database = (*data.Database)(nil)

// The commands are those that collections of functions send.
func TestDatabase_RunsCommandsWithTheRolesOfTheUser(t *testing.T) {
	w := newWorld(t, ownerRole, "", `{"_id":"a","owner":"anna","n":1}`, `{"_id":"b","owner":"ben"}`)
	ns := "tokengraft_test." + w.collection.Name()
	for _, row := range []struct{ name, command, want string }{
		{"find", `{"find":C,"filter":{},"batchSize":{"$numberInt":"10001"},"limit":{"$numberInt":"10001"},"skip":0}`,
			`{"cursor":{"firstBatch":[{"_id":"a","owner":"anna","n":{"$numberInt":"1"}}],"id":{"$numberLong":"0"},"ns":"` + ns + `"},"ok":{"$numberInt":"1"}}`},
		{"find with options", `{"find":C,"filter":{"n":1},"projection":{"n":1},"sort":{"n":1},"limit":1}`, `"firstBatch":[{"_id":"a","n":`},
		{"find skips", `{"find":C,"filter":{},"skip":1}`, `"firstBatch":[],`},
		{"another user's", `{"find":C,"filter":{"_id":"b"}}`, `"firstBatch":[],`},
		{"aggregate", `{"aggregate":C,"pipeline":[{"$match":{"n":1}},{"$limit":5}],"cursor":{"batchSize":5}}`, `"firstBatch":[{"_id":"a"`},
		{"countDocuments", `{"aggregate":C,"pipeline":[{"$match":{}},{"$group":{"_id":null,"n":{"$sum":1}}},{"$limit":10001}],"cursor":{}}`, `"firstBatch":[{"_id":null,"n":{"$numberInt":"1"}}]`},
		{"countDocuments of nothing", `{"aggregate":C,"pipeline":[{"$match":{"n":9}},{"$group":{"_id":null,"n":{"$sum":1}}}],"cursor":{}}`, `"firstBatch":[],`},
		{"another group", `{"aggregate":C,"pipeline":[{"$match":{}},{"$group":{"_id":"$owner","n":{"$sum":1}}}],"cursor":{}}`, `"ok":{"$numberInt":"0"}`},
		{"update", `{"update":C,"updates":[{"q":{},"u":{"$inc":{"n":1}},"multi":false}],"writeConcern":{"w":"majority"}}`, `{"n":{"$numberInt":"1"},"nModified":{"$numberInt":"1"},"ok":{"$numberInt":"1"}}`},
		{"update of many", `{"update":C,"updates":[{"q":{},"u":{"$inc":{"n":1}},"multi":true}]}`, `one document at a time; use updateOne`},
		{"updates", `{"update":C,"updates":[{"q":{},"u":{"$inc":{"n":1}}},{"q":{},"u":{"$inc":{"n":1}}}]}`, `one document at a time`},
		{"update of privilege", `{"update":C,"updates":[{"q":{},"u":{"$set":{"roles":[1]}},"multi":false}]}`, `"code":{"$numberInt":"13"},"codeName":"Unauthorized"`},
		{"replace", `{"update":C,"updates":[{"q":{},"u":{"owner":"anna","n":5},"multi":false}]}`, `"nModified":{"$numberInt":"1"}`},
		{"pipeline", `{"update":C,"updates":[{"q":{},"u":[{"$set":{"n":1}}],"multi":false}]}`, `an update with a pipeline is not supported`},
		{"findAndModify", `{"findAndModify":C,"query":{},"update":{"$set":{"n":6}},"new":true,"upsert":false,"fields":{"n":1}}`, `{"value":{"_id":"a","n":{"$numberInt":"6"}},"ok":{"$numberInt":"1"}}`},
		{"findAndModify of nothing", `{"findAndModify":C,"query":{"n":9},"update":{"$set":{"n":6}},"new":true,"upsert":false}`, `{"value":null,"ok":`},
		{"a second insert", `{"insert":C,"documents":[{"_id":"c","owner":"anna"}]}`, `"code":{"$numberInt":"13"}`},
		{"deletes of many", `{"delete":C,"deletes":[{"q":{},"limit":0}]}`, `one document at a time; use deleteOne`},
		{"delete", `{"delete":C,"deletes":[{"q":{},"limit":1}]}`, `{"n":{"$numberInt":"1"},"ok":`},
		{"insert", `{"insert":C,"documents":[{"_id":"c","owner":"anna"}],"writeConcern":{"w":"majority"}}`, `{"n":{"$numberInt":"1"},"ok":`},
		{"remove", `{"findAndModify":C,"query":{},"remove":true}`, `{"value":{"_id":"c","owner":"anna"},"ok":`},
		{"upsert", `{"update":C,"updates":[{"q":{"owner":"anna"},"u":{"$set":{"_id":"d"}},"multi":false,"upsert":true}]}`, `"upserted":[{"index":{"$numberInt":"0"},"_id":"d"}]`},
		{"killCursors", `{"killCursors":C,"cursors":[{"$numberLong":"5"}]}`, `{"ok":{"$numberInt":"1"}}`},
		{"distinct", `{"distinct":C,"key":"owner","query":{}}`, `the command \"distinct\" is not supported`},
		{"drop", `{"drop":C}`, `"ok":{"$numberInt":"0"}`},
		{"another collection", `{"find":"other","filter":{}}`, `no rule exists for namespace 'tokengraft_test.other'`},
		{"a hidden command", `{"lsid":1,"find":C}`, `is not supported`},
		{"no command", `{}`, `the command is empty`},
		{"not a document", `[]`, `the command is empty`},
	} {
		command := strings.Replace(row.command, ":C", fmt.Sprintf(":%q", w.collection.Name()), 1)
		got, err := w.service.Database(user("anna", "")).Command(t.Context(), "tokengraft_test", json.RawMessage(command))
		if err != nil || !strings.Contains(string(got), row.want) {
			t.Errorf("%s: %s = %s, %v; want %s", row.name, command, got, err, row.want)
		}
	}
	if got := w.stored("b"); got != `{"_id":"b","owner":"ben"}` {
		t.Errorf("the other user's document is %s", got)
	}
	got, err := w.service.Database(user("anna", "")).Command(t.Context(), "admin", json.RawMessage(fmt.Sprintf(`{"find":%q}`, w.collection.Name())))
	if err != nil || !strings.Contains(string(got), "no rule exists for namespace 'admin.") {
		t.Errorf("in another database = %s, %v; want a refusal", got, err)
	}
}
