// Package export reads the exported configuration of a MongoDB Atlas App
// Services app and makes a configuration file of it.
package export

import (
	"io/fs"
	"path"
	"slices"

	"github.com/tokengraft/tokengraft/internal/appservices/layout"
)

// An App is what of an export matters here, whatever its layout.
type App struct {
	// ID is the id that SDKs name, such as myapp-abcde. It may be empty.
	ID        string
	Data      CustomUserData
	Sources   []DataSource
	Functions []layout.Function
	Triggers  []Trigger // of authentication only
	// Values are the names of context.values, never what they hold.
	Values []string
	// Environment is the one that the app was in, such as production, and may be
	// empty; Environments says that it has values.
	Environment  string
	Environments bool
	// Notes are what has no equivalent, in the order of reading.
	Notes []Note
}

// CustomUserData is where the documents are. What the export does not say is
// empty.
type CustomUserData struct {
	Enabled              bool
	Service              string // the data source's name
	Database, Collection string
	UserIDField          string
	CreationFunction     string // the function's name
}

// A DataSource is a linked cluster.
type DataSource struct{ Name, File, Cluster string }

// A Trigger is an authentication trigger that is not disabled.
type Trigger struct {
	Name       string
	File       string
	Operations []string // LOGIN, CREATE, DELETE
	Providers  []string
	Function   string
}

// A Note says that something of the export is not in the configuration, and why
// or what to do instead.
type Note struct{ File, Text string }

// String writes FILE: TEXT.
func (n Note) String() string { return n.File + ": " + n.Text }

// An export is an App while it is read. Nothing stops the reading: what is wrong
// goes to the faults.
type export struct {
	fs.FS
	app    App
	data   *object // what app.Data was read of; nil without any
	faults Faults
}

// Read reads an exported app, in the layout of any year. The error is [Faults].
func Read(dir fs.FS) (*App, error) {
	e := &export{FS: dir}
	if !e.has(customUserData) && !slices.ContainsFunc(configs, e.has) {
		return nil, Faults{{".", 0, errNoApp}}
	}
	e.readApp()
	e.readDataSources()
	e.readFunctions()
	e.readValues()
	e.readTriggers()
	e.checkFunctions()
	e.noteOthers()
	if len(e.faults) > 0 {
		return nil, e.faults
	}
	return &e.app, nil
}

func (e *export) note(file, text string) {
	e.app.Notes = append(e.app.Notes, Note{file, text})
}

// glob returns the files of a pattern, sorted.
func (e *export) glob(pattern string) []string {
	names, err := fs.Glob(e, pattern)
	if err != nil {
		panic(err) // of patterns in this package
	}
	return names
}

func (e *export) has(name string) bool {
	_, err := fs.Stat(e, name)
	return err == nil
}

// configs are the names that the file about the app itself has had.
var configs = []string{"root_config.json", "realm_config.json", "config.json", "stitch.json"}

const customUserData = "auth/custom_user_data.json"

// readApp reads the app's own file, and where its custom user data is.
func (e *export) readApp() {
	var data *object
	for _, name := range configs {
		if !e.has(name) {
			continue
		}
		o := e.object(name)
		if id := o.text("app_id"); e.app.ID == "" {
			e.app.ID = id
		}
		if environment := o.text("environment"); e.app.Environment == "" {
			e.app.Environment = environment
		}
		if old := o.object("custom_user_data_config"); old != nil {
			data = old
		}
		e.noteSettings(o, appSettings)
	}
	if e.has(customUserData) {
		data = e.object(customUserData)
	}
	if data == nil {
		e.note(customUserData, "there is none: this app had no custom user data")
		return
	}
	e.readData(data)
}

func (e *export) readData(o *object) {
	e.data = o
	e.app.Data = CustomUserData{
		Enabled:          o.boolean("enabled"),
		Service:          o.text("mongo_service_name"),
		Database:         o.text("database_name"),
		Collection:       o.text("collection_name"),
		UserIDField:      o.text("user_id_field"),
		CreationFunction: o.text("on_user_creation_function_name"),
	}
	e.noteSettings(o, dataSettings)
}

// appSettings are what the file about the app itself may say, and why it is not
// carried over; nothing where it is, or where there is nothing to carry.
var appSettings = map[string]string{
	"app_id": "", "client_app_id": "", "name": "", "config_version": "", "environment": "", "custom_user_data_config": "",
	"location":         "where App Services ran",
	"provider_region":  "where App Services ran",
	"deployment_model": "where App Services ran",
	"security":         "CORS is the backend's: its answers pass as they are",
	"hosting":          "hosting ended with the service",
	"sync":             "Device Sync ended with the service",
}

// dataSettings are those of custom user data; older apps name the data source by
// an internal id.
var dataSettings = map[string]string{
	"enabled": "", "mongo_service_name": "", "database_name": "", "collection_name": "", "user_id_field": "", "on_user_creation_function_name": "",
	"mongo_service_id": "the data source's internal id says nothing here",
}

// noteSettings notes what of an object is not carried over.
func (e *export) noteSettings(o *object, known map[string]string) {
	for _, name := range o.names() {
		why, ok := known[name]
		if !ok {
			why = "no setting that is known"
		}
		if why != "" && o.has(name) && string(o.members[name].text) != "{}" {
			e.note(o.file, name+": "+why)
		}
	}
}

// readDataSources reads the clusters, which were services once.
func (e *export) readDataSources() {
	for _, pattern := range []string{"data_sources/*/config.json", "services/*/config.json"} {
		for _, file := range e.glob(pattern) {
			o := e.object(file)
			if kind := o.text("type"); kind != "" && kind != "mongodb-atlas" && kind != "mongodb" && kind != "datalake" {
				e.note(file, "a service that is no MongoDB")
				continue
			}
			config := o.object("config")
			source := DataSource{Name: o.text("name"), File: file, Cluster: config.text("clusterName")}
			if source.Name == "" {
				source.Name = path.Base(path.Dir(file))
			}
			if preference := config.text("readPreference"); preference != "" && preference != "primary" {
				e.note(file, "readPreference: documents are always read from the primary, for a refresh to show what was written before it")
			}
			e.app.Sources = append(e.app.Sources, source)
		}
	}
}
