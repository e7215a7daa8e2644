package bsonjson

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// userIDChangedName is the member that Pipeline adds to an event: whether it changes
// something in the user-id field.
const userIDChangedName = "moved"

// Pipeline returns the aggregation, as BSON, of a change stream whose events
// [Field.Change] can read. Of a document only _id and the field leave the database.
// An update shows no values, only whether it may have changed the field. An update
// that changes neither the field nor what the mapping keeps is dropped. Where names
// do not show that for sure, as in arrays, it is sent.
func (m Mapping) Pipeline() ([][]byte, error) {
	var stages []bson.D
	if condition := m.relevant(); condition != nil {
		stages = append(stages, operator("$match", operator("$expr", changesField(condition))))
	}
	stages = append(stages, operator("$project", bson.D{
		{Key: "_id", Value: 1}, // the resume token
		{Key: "operationType", Value: 1},
		{Key: "documentKey._id", Value: 1},
		{Key: "fullDocument." + m.field.path, Value: 1},
		{Key: userIDChangedName, Value: changesField(within(m.field.names[:1]))},
	}))
	pipeline := make([][]byte, len(stages))
	for i, stage := range stages {
		var err error
		if pipeline[i], err = marshal(stage); err != nil {
			return nil, err
		}
	}
	return pipeline, nil
}

// relevant is the condition for the name of a changed field that the projection
// or the user-id field depends on; nil where each does. A name may be of anything
// around or within a path, so of what is kept only the first part of the path
// counts.
func (m Mapping) relevant() bson.D {
	if len(m.projector.include) > 0 {
		return within(append(slices.Sorted(maps.Keys(m.projector.include)), m.field.names[0]))
	}
	unwanted := slices.DeleteFunc(m.projector.exclude.list(""), func(path string) bool {
		return encloses("_id", path) || encloses(m.field.names[0], path)
	})
	if len(unwanted) == 0 {
		return nil
	}
	return operator("$not", bson.A{within(unwanted)})
}

// within is the condition for a name at or below one of the paths.
func within(paths []string) bson.D {
	quoted := make([]string, len(paths))
	for i, path := range paths {
		quoted[i] = regexp.QuoteMeta(path)
	}
	return operator("$regexMatch", bson.D{
		{Key: "input", Value: "$$this"},
		{Key: "regex", Value: `^(?:` + strings.Join(quoted, "|") + `)(?:\.|$)`},
	})
}

// changesField is the expression for whether an event changes a field whose name
// fulfils the condition. It is true for events that are no updates: what they
// lack makes the list null, which is not empty.
func changesField(condition bson.D) bson.D {
	names := operator("$concatArrays", bson.A{
		operator("$map", bson.D{
			{Key: "input", Value: operator("$objectToArray", "$updateDescription.updatedFields")},
			{Key: "in", Value: "$$this.k"},
		}),
		"$updateDescription.removedFields",
		// Before MongoDB 4.4.4 there was no such member.
		operator("$ifNull", bson.A{"$updateDescription.truncatedArrays.field", bson.A{}}),
	})
	found := operator("$filter", bson.D{{Key: "input", Value: names}, {Key: "cond", Value: condition}})
	return operator("$ne", bson.A{found, bson.A{}})
}

func operator(name string, of any) bson.D { return bson.D{{Key: name, Value: of}} }
