package export

import (
	"cmp"
	"path"
	"strings"
)

// A namespace is a collection in a data source.
type namespace struct{ service, database, collection string }

// readRules finds the rules for the collection of the documents. The rules of other
// collections are noted.
func (e *export) readRules() {
	for _, pattern := range []string{"data_sources/*/*/*/rules.json", "services/*/rules/*.json"} {
		for _, file := range e.glob(pattern) {
			switch {
			case !e.isOfDocuments(e.namespaceOf(file)):
				e.note(file, "these are the rules of another collection, or of another service: users reach only the collection of the documents")
			case e.app.Rules != "":
				e.note(file, "the rules of the collection are also in "+e.app.Rules+", which is imported")
			default:
				e.app.Rules = file
				e.inspectRules(file)
			}
		}
	}
	e.noteDefaultRules()
	e.noteSchema()
}

// namespaceOf returns the collection that a file with rules is for. Its path has what the
// file does not say.
func (e *export) namespaceOf(file string) namespace {
	o, parts := e.object(file), strings.Split(file, "/")
	ns := namespace{parts[1], o.text("database"), o.text("collection")}
	if parts[0] == "data_sources" {
		ns.database, ns.collection = cmp.Or(ns.database, parts[2]), cmp.Or(ns.collection, parts[3])
	}
	return ns
}

// isOfDocuments reports whether a collection is the one with the documents.
func (e *export) isOfDocuments(ns namespace) bool {
	data := e.app.Data
	return ns.database == data.Database && ns.collection == data.Collection && e.isOfCluster(ns.service)
}

// isOfCluster reports whether a data source, named by its folder, is the cluster with
// the documents. If the settings do not say which cluster has them, any may have.
func (e *export) isOfCluster(folder string) bool {
	documents := e.app.documentSource()
	if documents == nil {
		return e.app.Data.Service == "" || e.app.Data.Service == folder
	}
	for _, source := range e.app.Sources {
		if path.Base(path.Dir(source.File)) == folder {
			return source.isLike(*documents)
		}
	}
	return folder == documents.Name
}

// noteDefaultRules notes the rules for collections that have none of their own.
func (e *export) noteDefaultRules() {
	for _, pattern := range []string{"data_sources/*/default_rule.json", "services/*/default_rule.json"} {
		for _, file := range e.glob(pattern) {
			if e.app.Rules == "" && e.isOfCluster(path.Base(path.Dir(file))) && e.app.Data.Collection != "" {
				e.note(file, "the default rules were those of the collection: to use them, copy the file, add \"database\" and \"collection\", and name the copy in access.roles")
			} else {
				e.note(file, "default rules are for collections without rules of their own: users reach only the collection of the documents")
			}
		}
	}
}

// noteSchema notes the schema of the collection.
func (e *export) noteSchema() {
	for _, file := range e.glob("data_sources/*/*/*/schema.json") {
		parts := strings.Split(file, "/")
		if o := e.object(file); len(o.members) > 0 && e.isOfDocuments(namespace{parts[1], parts[2], parts[3]}) {
			e.note(file, "the schema is not checked: write it as JSON Schema, without bsonType, for access.schema")
		}
	}
}
