package data

import (
	"errors"

	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// Parse reads a rules.json. file is its name, for faults and notes. hasFunction reports
// whether a function exists that expressions may call; nil means that there is none. The
// error is of type [Faults].
func Parse(file string, text []byte, hasFunction func(name string) bool) (*Rules, error) {
	p := &parser{document: &document{file: file}, hasFunction: hasFunction}
	root, ok := p.document.root(text)
	if !ok {
		return nil, p.document.faults
	}
	p.file(root)
	if len(p.document.faults) > 0 {
		return nil, p.document.faults
	}
	p.rules.Notes = p.document.notes
	return &p.rules, nil
}

type parser struct {
	document    *document
	hasFunction func(name string) bool
	rules       Rules
}

func (p *parser) file(root value) {
	for _, m := range root.members() {
		switch m.name {
		case "database":
			p.rules.Database = m.string()
		case "collection":
			p.rules.Collection = m.string()
		case "roles":
			for _, v := range m.items() {
				p.rules.roles = append(p.rules.roles, p.role(v))
			}
		case "filters":
			for _, v := range m.items() {
				p.rules.filters = append(p.rules.filters, p.filter(v))
			}
		case "schema":
			m.note("the schema is not checked. Let MongoDB check it, with a validator of the collection")
		case "id", "_id":
		default:
			m.unknown()
		}
	}
	if p.rules.Database == "" || p.rules.Collection == "" {
		root.fault("it needs the members database and collection; the rules of all collections (default_rule.json) are not supported")
	}
	if len(p.rules.roles) == 0 {
		root.note("there are no roles, so users cannot read or write documents")
	}
}

func (v value) unknown() { v.note("the member is unknown and has no effect") }

func (p *parser) role(v value) *role {
	r := &role{}
	insertSet, deleteSet := false, false
	for _, m := range v.members() {
		switch m.name {
		case "name":
			r.name = m.string()
		case "apply_when", "applyWhen":
			r.applyWhen = p.rule(m.value, true)
			r.fixed = p.isFixed(m.value)
		case "document_filters":
			p.documentFilters(r, m.value)
		case "insert":
			r.insert, insertSet = p.rule(m.value, true), true
		case "delete":
			r.delete, deleteSet = p.rule(m.value, true), true
		case "search":
		default:
			p.permission(&r.fields, m)
		}
	}
	if r.applyWhen == nil {
		r.fixed = true
	}
	if r.name == "" {
		v.fault("the role needs a name")
	}
	if !insertSet {
		v.note("the role has no insert, which is taken for false. In App Services the default was true; add it if users may insert")
	}
	if !deleteSet {
		v.note("the role has no delete, which is taken for false. In App Services the default was true; add it if users may delete")
	}
	return r
}

func (p *parser) documentFilters(r *role, v value) {
	for _, m := range v.members() {
		switch m.name {
		case "read":
			r.readable = p.rule(m.value, true)
		case "write":
			r.writable = p.rule(m.value, true)
		default:
			m.unknown()
		}
	}
}

// permission reads a member that documents and fields have.
func (p *parser) permission(f *fieldRules, m member) {
	switch m.name {
	case "read":
		f.read = p.rule(m.value, true)
	case "write":
		f.write = p.rule(m.value, true)
	case "fields":
		for _, field := range m.members() {
			if f.fields == nil {
				f.fields = map[string]*fieldRules{}
			}
			f.fields[field.name] = p.fieldRules(field.value)
			if checkName(field.name) != nil {
				field.fault("the name of a field must not be empty, start with $ or contain a dot; nest the fields of a document with fields")
			}
		}
	case "additional_fields":
		if m.IsSet() {
			f.additional = p.fieldRules(m.value)
		}
	default:
		m.unknown()
	}
}

func (p *parser) fieldRules(v value) *fieldRules {
	f := &fieldRules{}
	for _, m := range v.members() {
		p.permission(f, m)
	}
	return f
}

// rule reads an expression. It returns nil if there is none.
func (p *parser) rule(v value, document bool) *rule {
	if !v.IsSet() {
		return nil
	}
	e, err := expression.Parse(v.Text, p.scope(document))
	if err != nil {
		p.expressionFaults(v, err)
		return nil
	}
	return &rule{expression: e, constant: isTrue(v.Text)}
}

func (p *parser) scope(document bool) expression.Scope {
	return expression.Scope{Document: document, Request: true, Functions: p.hasFunction}
}

// isFixed reports whether an expression is the same for all documents.
func (p *parser) isFixed(v value) bool {
	if !v.IsSet() {
		return true
	}
	_, err := expression.Parse(v.Text, p.scope(false))
	return err == nil
}

// isTrue reports whether an expression is true whatever it is about.
func isTrue(text []byte) bool {
	v, err := bsonvalue.Parse(text)
	if err != nil {
		return false
	}
	is, _ := v.Truth()
	always, _ := v.Field("%%true").Truth()
	return is || v.Kind() == bsonvalue.Document && (v.Len() == 0 || v.Len() == 1 && always)
}

func (p *parser) expressionFaults(v value, err error) {
	faults, ok := errors.AsType[expression.Faults](err)
	if !ok {
		v.fault("%w", err)
		return
	}
	for _, f := range faults {
		at := v.path
		if f.Path != "" {
			at += "." + f.Path
		}
		v.faultAt(f.Offset, at, f.Err)
	}
}

func (p *parser) filter(v value) *filter {
	f := &filter{}
	for _, m := range v.members() {
		switch m.name {
		case "name":
			f.name = m.string()
		case "apply_when", "applyWhen":
			f.applyWhen = p.rule(m.value, false)
		case "query":
			f.query = p.query(m.value)
		case "projection", "project":
			f.projection = p.projection(m.value)
		default:
			m.unknown()
		}
	}
	return f
}

func (p *parser) query(v value) *expression.Query {
	if !v.IsSet() {
		return nil
	}
	q, err := expression.ParseQuery(v.Text)
	if err != nil {
		p.expressionFaults(v, err)
		return nil
	}
	return q
}

func (p *parser) projection(v value) projection {
	if !v.IsSet() {
		return projection{}
	}
	parsed, err := bsonvalue.Parse(v.Text)
	if err != nil {
		v.fault("%w", err)
		return projection{}
	}
	kept, err := parseProjection(parsed)
	if err != nil {
		v.fault("%s", message(err))
	}
	return kept
}
