package bsonjson

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// userIDChangedName is the name of the member that Pipeline adds to an event. It is
// true if the event may change the user-id field or its issuer.
const userIDChangedName = "moved"

// Pipeline returns the stages of a change stream, each as BSON. [Field.Change] can
// parse its events. Only the _id and the user-id field of a document leave the
// database. The event of an update contains no values, only whether the update may
// have changed the field. Updates that change neither the field nor what the mapping
// keeps are dropped. If the names of the changed members do not show that for
// certain, as in arrays, the event is sent.
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
		{Key: userIDChangedName, Value: changesField(within(m.field.firstNames()))},
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

// relevant returns a condition for the name of a changed member. It is true if the
// projection or the user-id field may depend on that member. Nil means that it is
// always true. A changed member may be around or within a kept path, so the
// condition uses only the first name of a kept path.
func (m Mapping) relevant() bson.D {
	if len(m.projector.include) > 0 {
		return within(append(slices.Sorted(maps.Keys(m.projector.include)), m.field.firstNames()...))
	}
	unwanted := slices.DeleteFunc(m.projector.exclude.list(""), func(path string) bool {
		return encloses("_id", path) || slices.ContainsFunc(m.field.firstNames(), func(name string) bool { return encloses(name, path) })
	})
	if len(unwanted) == 0 {
		return nil
	}
	return operator("$not", bson.A{within(unwanted)})
}

// within returns the condition that a name is one of the paths or within one.
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

// changesField returns an expression that is true if an event changes a member whose
// name meets the condition. It is also true for events that are not updates: they
// have no updateDescription, so the list of names is null, and null is not empty.
func changesField(condition bson.D) bson.D {
	names := operator("$concatArrays", bson.A{
		operator("$map", bson.D{
			{Key: "input", Value: operator("$objectToArray", "$updateDescription.updatedFields")},
			{Key: "in", Value: "$$this.k"},
		}),
		"$updateDescription.removedFields",
		// MongoDB before 4.4.4 does not have this member.
		operator("$ifNull", bson.A{"$updateDescription.truncatedArrays.field", bson.A{}}),
	})
	found := operator("$filter", bson.D{{Key: "input", Value: names}, {Key: "cond", Value: condition}})
	return operator("$ne", bson.A{found, bson.A{}})
}

func operator(name string, of any) bson.D { return bson.D{{Key: name, Value: of}} }
