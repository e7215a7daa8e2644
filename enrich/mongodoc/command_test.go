package mongodoc_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

func TestCommand_RefusalIsAReply(t *testing.T) {
	for name, server := range enrichtest.MongoDBs {
		t.Run(name, func(t *testing.T) {
			uri := server(t)
			users := connect(t, uri)
			source, err := mongodoc.Open(mongodoc.Options{URI: uri, Database: "unused", Collection: "unused", Field: "id", Timeout: 10 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = source.Close(t.Context()) })
			insert := `{"insert":"` + users.Name() + `","documents":[{"_id":{"$numberLong":"1"},"at":{"$date":"1970-01-01T00:00:00Z"}}]}`
			for _, tt := range []struct{ command, want string }{
				{insert, `"ok":{"$numberDouble":"1.0"}`},
				{insert, `"code":{"$numberInt":"11000"}`},
				{`{"find":"` + users.Name() + `"}`, `"firstBatch":[{"_id":{"$numberLong":"1"},"at":{"$date":{"$numberLong":"0"}}}]`},
				{`{"nonsense":1}`, `"ok":{"$numberDouble":"0.0"}`},
			} {
				got, err := source.Command(t.Context(), users.Database().Name(), json.RawMessage(tt.command))
				if err != nil || !strings.Contains(string(got), tt.want) {
					t.Errorf("Command(%s) = %s, %v; want a reply with %s", tt.command, got, err, tt.want)
				}
			}
			if _, err := source.Command(t.Context(), "test", json.RawMessage(`{"find":`)); err == nil {
				t.Error("Command with invalid JSON has no error, want one")
			}
		})
	}
}
