package data

import "github.com/tokengraft/tokengraft/internal/bsonvalue"

// find answers with an array of documents.
func (c *call) find(a arguments) (bsonvalue.Value, error) {
	docs, err := c.readAll(a, "query", "project")
	if err != nil {
		return bsonvalue.Value{}, err
	}
	return bsonvalue.NewArray(docs...), nil
}

// readAll reads the documents of a find. query and project are the names of its arguments.
func (c *call) readAll(a arguments, query, project string) ([]bsonvalue.Value, error) {
	s, err := a.search(query)
	if err != nil {
		return nil, err
	}
	skip, errSkip := a.number("skip")
	limit, errLimit := a.number("limit")
	p, errProject := parseProjection(a.Field(project))
	if err := firstOf(errSkip, errLimit, errProject); err != nil {
		return nil, err
	}
	if limit > 0 {
		s.most = skip + limit
	}
	all, err := c.search(s)
	if err != nil {
		return nil, err
	}
	all = all[min(skip, len(all)):]
	docs := make([]bsonvalue.Value, len(all))
	for i, f := range all {
		docs[i] = p.apply(f.visible)
	}
	return docs, checkAnswer(docs)
}

// search reads the arguments of a search.
func (a arguments) search(query string) (search, error) {
	q, errQuery := a.query(query)
	order, errSort := parseSort(a.Field("sort"))
	return search{query: q, order: order}, firstOf(errQuery, errSort, a.refuse("collation", "hint", "let"))
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkAnswer returns an error if documents are too large for an answer.
func checkAnswer(docs []bsonvalue.Value) error {
	size := 0
	for _, doc := range docs {
		text, err := doc.JSON()
		if err != nil {
			return errUnreadable
		}
		if size += len(text); size > maxAnswer {
			return errAnswer
		}
	}
	return nil
}

// findOne answers with a document, or null.
func (c *call) findOne(a arguments) (bsonvalue.Value, error) {
	s, errSearch := a.search("query")
	p, errProject := parseProjection(a.Field("project"))
	if err := firstOf(errSearch, errProject); err != nil {
		return bsonvalue.Value{}, err
	}
	f, ok, err := c.first(s)
	if err != nil || !ok {
		return bsonvalue.Null, err
	}
	doc := p.apply(f.visible)
	return doc, checkAnswer([]bsonvalue.Value{doc})
}

// first returns the first document of a search, and false if there is none.
func (c *call) first(s search) (found, bool, error) {
	s.most = 1
	all, err := c.search(s)
	if err != nil || len(all) == 0 {
		return found{}, false, err
	}
	return all[0], true, nil
}

// count answers with an Int64, as native SDKs need it.
func (c *call) count(a arguments) (bsonvalue.Value, error) {
	s, errSearch := a.search("query")
	limit, errLimit := a.number("limit")
	if err := firstOf(errSearch, errLimit, a.refuse("skip")); err != nil {
		return bsonvalue.Value{}, err
	}
	s.most = limit
	all, err := c.search(s)
	return bsonvalue.NewInt64(int64(len(all))), err
}
