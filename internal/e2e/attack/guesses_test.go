package attack_test

import (
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// guesses are operations whose answers could depend on the salary and the address of Carl,
// which Mallory cannot read. They can read other fields of the document.
var guesses = []dataRow{
	{operation: "find", args: `"query":{"salary":5000}`}, {operation: "find", args: `"query":{"salary":{"$ne":5000}}`}, {operation: "find", args: `"query":{"salary":{"$gt":1000}}`},
	{operation: "find", args: `"query":{"salary":{"$exists":true}}`}, {operation: "find", args: `"query":{"salary":{"$type":"string"}}`}, {operation: "find", args: `"query":{"salary":{"$mod":[1000,0]}}`},
	{operation: "count", args: `"query":{"$nor":[{"salary":5000}]}`}, {operation: "count", args: `"query":{"$or":[{"salary":5000},{"n":1}]}`}, {operation: "count", args: `"query":{"salary":{"$not":{"$gte":5000}}}`},
	{operation: "count", args: `"query":{"home":{"city":"Oslo","street":"` + hiddenStreet + `"}}`}, {operation: "count", args: `"query":{"home.street":{"$gte":"hush"}}`}, {operation: "count", args: `"query":{"home":{"$gt":{"city":"Oslo","street":"hush"}}}`},
	{operation: "find", args: `"query":{},"sort":{"salary":1}`}, {operation: "find", args: `"query":{},"sort":{"home.street":-1},"limit":1`}, {operation: "findOne", args: `"query":{"salary":5000},"project":{"_id":1}`},
	{operation: "find", args: `"query":{},"project":{"salary":1,"home.street":1}`}, {operation: "find", args: `"query":{},"project":{"home":1}`},
	{operation: "aggregate", args: `"pipeline":[{"$match":{"salary":5000}}]`}, {operation: "aggregate", args: `"pipeline":[{"$project":{"salary":1}},{"$match":{"salary":{"$gt":1}}}]`},
	{operation: "aggregate", args: `"pipeline":[{"$limit":3},{"$sort":{"salary":-1}},{"$project":{"id":1}}]`}, {operation: "aggregate", args: `"pipeline":[{"$limit":3},{"$match":{"home.street":{"$exists":true}}}]`},
	{operation: "updateOne", args: `"query":{"salary":5000},"update":{"$set":{"note":"rich"}}`}, {operation: "updateOne", args: `"query":{"salary":5000},"update":{"$set":{"note":"rich"}},"upsert":true`},
	{operation: "findOneAndUpdate", args: `"filter":{"salary":{"$gte":5000}},"update":{"$set":{"note":"rich"}},"projection":{"_id":1}`},
	{operation: "updateOne", args: `"query":{"id":"hush-carl"},"update":{"$set":{"salary":5000}}`}, {operation: "updateOne", args: `"query":{"id":"hush-carl"},"update":{"$max":{"salary":5000}}`},
	{operation: "updateOne", args: `"query":{"id":"hush-carl"},"update":{"$inc":{"salary":0}}`}, {operation: "updateOne", args: `"query":{"id":"hush-carl"},"update":{"$pull":{"salary":5000}}`},
	{operation: "updateOne", args: `"query":{"id":"hush-carl"},"update":{"$rename":{"salary":"note"}}`}, {operation: "updateOne", args: `"query":{"id":"hush-carl"},"update":{"$unset":{"home.street":1}}`},
	{operation: "updateOne", args: `"query":{"id":"hush-carl"},"update":{"$set":{"home":{"city":"Oslo","street":"` + hiddenStreet + `"}}}`},
	{operation: "replaceOne", args: `"query":{"id":"hush-carl"},"update":{"id":"hush-carl","salary":5000}`}, {operation: "deleteOne", args: `"query":{"salary":5000}`}, {operation: "findOneAndDelete", args: `"filter":{"salary":5000}`},
	{sends: "the size of a document, by a note over the limit", operation: "updateOne", args: `"query":{"id":"hush-carl"},"update":{"$set":{"note":"` + longNote + `"}}`},
	{sends: "the size of a document, by a note close to the limit", operation: "updateOne", args: `"query":{"id":"hush-carl"},"update":{"$set":{"note":"` + fittingNote + `"}}`},
}

// With longNote Carl's document is larger than access.max_size, and with fittingNote as
// Mallory sees it a little smaller.
var (
	longNote    = strings.Repeat("x ", 9<<10)
	fittingNote = strings.Repeat("x ", 8<<10-75)
)

// hiddenValues are what Carl's salary and street can be. The last are those that they have.
var hiddenValues = []bson.M{
	{"salary": int32(1), "home.street": "a"}, {"salary": "text", "home.street": bson.M{"x": hiddenStreet}}, {"salary": int32(5000), "home.street": hiddenStreet},
}

// guess runs an operation once for each of the hidden values. The answers must be the same.
func (a dataAttack) guess(t *testing.T, row dataRow) (happens string) {
	first := ""
	for i, values := range hiddenValues {
		if _, err := a.users.UpdateOne(t.Context(), bson.M{"id": "hush-carl"}, bson.M{"$set": values, "$unset": bson.M{"note": 1}}); err != nil {
			t.Fatal(err)
		}
		reply := a.as(t, mallory, operation(row.operation, row.args))
		a.expect(t, reply, "200|400|403")
		got := fmt.Sprintf("%d %s", reply.Status, reply.Body)
		if i == 0 {
			first = got
		}
		if got != first {
			t.Errorf("with the hidden values %v: got %.300s, and with the first %.300s", values, got, first)
			happens = "THE ANSWER SHOWS IT"
		}
	}
	return a.unchanged(t, either(happens == "", "the same answer for all values", happens))
}
