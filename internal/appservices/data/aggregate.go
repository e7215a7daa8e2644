package data

import (
	"slices"

	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// A stage is a part of a pipeline. It has the field of its kind.
type stage struct {
	query   *query
	order   ordering
	limit   int
	project func(bsonvalue.Value) bsonvalue.Value
}

// aggregate answers with an array of documents. The stages run in their order, on the parts
// of documents that the user can read.
func (c *call) aggregate(a arguments) (bsonvalue.Value, error) {
	stages, err := parsePipeline(a.Field("pipeline"))
	if err != nil {
		return bsonvalue.Value{}, err
	}
	s, rest := leading(stages)
	all, err := c.search(s)
	if err != nil {
		return bsonvalue.Value{}, err
	}
	docs := make([]bsonvalue.Value, len(all))
	for i, f := range all {
		docs[i] = f.visible
	}
	for _, stage := range rest {
		docs = stage.run(c.budget, docs)
		if err := c.budget.check(); err != nil {
			return bsonvalue.Value{}, err
		}
	}
	return bsonvalue.NewArray(docs...), checkAnswer(docs)
}

// leading returns the first stages as a search, and the stages after them.
func leading(stages []stage) (search, []stage) {
	s := search{query: &query{source: bsonvalue.NewDocument(), root: all{}}}
	if len(stages) > 0 && stages[0].query != nil {
		s.query, stages = stages[0].query, stages[1:]
	}
	if len(stages) > 0 && len(stages[0].order.keys) > 0 {
		s.order, stages = stages[0].order, stages[1:]
	}
	if len(stages) > 0 && stages[0].limit > 0 {
		s.most, stages = stages[0].limit, stages[1:]
	}
	return s, stages
}

func parsePipeline(v bsonvalue.Value) ([]stage, error) {
	if v.Kind() != bsonvalue.Array || v.Len() > maxStages {
		return nil, invalid("a pipeline must be an array of at most %d stages", maxStages)
	}
	var stages []stage
	for item := range v.Items() {
		s, err := parseStage(item)
		if err != nil {
			return nil, err
		}
		stages = append(stages, s)
	}
	return stages, nil
}

func parseStage(v bsonvalue.Value) (s stage, err error) {
	if v.Kind() != bsonvalue.Document || v.Len() != 1 {
		return s, invalid("a stage must be a document with one field")
	}
	for name, operand := range v.Members() {
		switch name {
		case "$match":
			if operand.Kind() != bsonvalue.Document {
				return s, invalid("$match needs a query")
			}
			s.query, err = parseQuery(operand)
		case "$sort":
			if s.order, err = parseSort(operand); err == nil && len(s.order.keys) == 0 {
				err = invalid("$sort needs a field")
			}
		case "$limit":
			if s.limit, err = (arguments{v}).number(name); err == nil && s.limit == 0 {
				err = invalid("$limit must be positive")
			}
		case "$project":
			s.project, err = parseProject(operand)
		default:
			err = invalid("the stage %s is not supported; use $match, $project, $sort or $limit", printable(name))
		}
	}
	return s, err
}

func parseProject(v bsonvalue.Value) (func(bsonvalue.Value) bsonvalue.Value, error) {
	if v.Kind() != bsonvalue.Document || v.Len() == 0 {
		return nil, invalid("$project needs a field")
	}
	p, err := parseProjection(v)
	return p.apply, err
}

// run runs a stage on documents that the user can read.
func (s stage) run(b *budget, docs []bsonvalue.Value) []bsonvalue.Value {
	switch {
	case s.query != nil:
		return slices.DeleteFunc(docs, func(doc bsonvalue.Value) bool { return !s.query.root.holds(b, doc) })
	case len(s.order.keys) > 0:
		sortBy(b, s.order, docs, func(doc bsonvalue.Value) bsonvalue.Value { return doc })
		return docs
	case s.project != nil:
		for i := range docs {
			docs[i] = s.project(docs[i])
		}
		return docs
	}
	return docs[:min(s.limit, len(docs))]
}
