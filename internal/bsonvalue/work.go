package bsonvalue

import "go.mongodb.org/mongo-driver/v2/bson"

// Work returns about how many scalars [Compare] compares at most. A rare or long value
// counts as several.
func Work(a, b Value) int {
	switch x := a.v.(type) {
	case bson.D:
		y, _ := b.v.(bson.D)
		work := 1
		for i := range min(len(x), len(y)) {
			work += Work(Value{x[i].Value}, Value{y[i].Value})
		}
		return work
	case bson.A:
		y, _ := b.v.(bson.A)
		work := 1
		for i := range min(len(x), len(y)) {
			work += Work(Value{x[i]}, Value{y[i]})
		}
		return work
	case string:
		y, _ := b.Text()
		return 1 + min(len(x), len(y))/256
	case bson.Binary:
		y, _ := b.v.(bson.Binary)
		return 1 + min(len(x.Data), len(y.Data))/256
	case bool, int32, int64, bson.ObjectID, bson.DateTime, bson.Null, nil:
		return 1
	}
	return 16
}
