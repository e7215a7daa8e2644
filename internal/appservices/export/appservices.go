// Package export reads the exported configuration of a MongoDB Atlas App Services
// app and writes a tokengraft configuration file from it.
package export

import (
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/tokengraft/tokengraft/internal/appservices/jsonfile"
	"github.com/tokengraft/tokengraft/internal/appservices/layout"
)

// An App is the part of an export that a configuration is written from. It is the
// same for every layout.
type App struct {
	// ID is the id that SDKs name, such as myapp-abcde. It may be empty.
	ID        string
	Data      CustomUserData
	Sources   []DataSource
	Functions []layout.Function
	Triggers  []Trigger // authentication triggers only
	// Callable are the functions that users may call, in the order of their manifest.
	Callable []string
	// Rules is the file with the rules of the documents' collection. It may be empty.
	Rules string
	// Origins are the web pages that could send requests to App Services.
	Origins []string
	// Values are the names of context.values, without the values.
	Values []string
	// Environment is the app's environment, such as production. It may be empty.
	// Environments reports whether the export has values for it.
	Environment  string
	Environments bool
	// Notes list what is not imported, in the order in which it was read.
	Notes []Note
}

// CustomUserData says where the documents are. A field is empty if the export does
// not have it.
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

// A Note says that a part of the export is not in the configuration, and why, or
// what to do instead.
type Note struct{ File, Text string }

// String writes FILE: TEXT.
func (n Note) String() string { return n.File + ": " + n.Text }

// An export reads an App. It continues after an error, and collects the errors in
// faults.
type export struct {
	fs.FS
	app    App
	data   *object // the object that app.Data was read from; nil if there is none
	faults Faults
}

// Read reads an exported app in any layout that App Services wrote over the years.
// The error is of type [Faults].
func Read(dir fs.FS) (*App, error) {
	e := &export{FS: dir}
	if !e.has(customUserData) && !slices.ContainsFunc(configs, e.has) {
		return nil, Faults{{".", 0, errNoApp}}
	}
	e.readApp()
	e.readDataSources()
	e.readFunctions()
	e.readPermissions()
	e.readValues()
	e.readTriggers()
	e.checkFunctions()
	e.readRules()
	e.noteOthers()
	if len(e.faults) > 0 {
		return nil, e.faults
	}
	return &e.app, nil
}

// noteAt notes a value in a file.
func (e *export) noteAt(file string, at jsonfile.Value, text string) {
	line, column := at.Place(0)
	e.note(fmt.Sprintf("%s:%d:%d", file, line, column), text)
}

func (e *export) note(file, text string) {
	e.app.Notes = append(e.app.Notes, Note{file, text})
}

// glob returns the files of a pattern, sorted.
func (e *export) glob(pattern string) []string {
	names, err := fs.Glob(e, pattern)
	if err != nil {
		panic(err) // a wrong pattern in this package
	}
	return names
}

func (e *export) has(name string) bool {
	_, err := fs.Stat(e, name)
	return err == nil
}

// configs are the names of the app's own file in the different layouts.
var configs = []string{"root_config.json", "realm_config.json", "config.json", "stitch.json"}

const customUserData = "auth/custom_user_data.json"

// readApp reads the app's own file and its custom user data settings.
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
		e.app.Origins = append(e.app.Origins, o.object("security").texts("allowed_request_origins")...)
		if old := o.object("custom_user_data_config"); old != nil {
			data = old
		}
		e.noteSettings(o, appSettings)
	}
	if e.has(customUserData) {
		data = e.object(customUserData)
	}
	if data == nil {
		e.note(customUserData, "the file does not exist: this app had no custom user data")
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

// appSettings are the settings of the app's own file, each with the reason why it is
// not imported. The reason is empty if the setting is imported or does not
// need a note.
var appSettings = map[string]string{
	"app_id": "", "client_app_id": "", "name": "", "config_version": "", "environment": "", "custom_user_data_config": "",
	"location":         "it only says where App Services ran",
	"provider_region":  "it only says where App Services ran",
	"deployment_model": "it only says where App Services ran",
	"security":         "CORS is configured in the backend; its responses pass unchanged",
	"hosting":          "hosting ended with the service",
	"sync":             "Device Sync ended with the service",
}

// dataSettings are the settings of custom user data, in the form of appSettings.
// Older apps name the data source by an internal id.
var dataSettings = map[string]string{
	"enabled": "", "mongo_service_name": "", "database_name": "", "collection_name": "", "user_id_field": "", "on_user_creation_function_name": "",
	"mongo_service_id": "the internal id of the data source has no meaning outside App Services",
}

// noteSettings notes the settings of an object that are not imported.
func (e *export) noteSettings(o *object, known map[string]string) {
	for _, name := range o.names() {
		why, ok := known[name]
		if !ok {
			why = "not a known setting"
		}
		if why != "" && o.has(name) && string(o.members[name].Text) != "{}" {
			e.note(o.file, name+": "+why)
		}
	}
}

// readDataSources reads the clusters. Older exports have them among the services.
func (e *export) readDataSources() {
	for _, pattern := range []string{"data_sources/*/config.json", "services/*/config.json"} {
		for _, file := range e.glob(pattern) {
			o := e.object(file)
			if kind := o.text("type"); kind != "" && kind != "mongodb-atlas" && kind != "mongodb" && kind != "datalake" {
				e.note(file, "not a MongoDB service")
				continue
			}
			config := o.object("config")
			source := DataSource{Name: o.text("name"), File: file, Cluster: config.text("clusterName")}
			if source.Name == "" {
				source.Name = path.Base(path.Dir(file))
			}
			if preference := config.text("readPreference"); preference != "" && preference != "primary" {
				e.note(file, "readPreference: documents are always read from the primary, so that a refresh returns what was written before it")
			}
			e.app.Sources = append(e.app.Sources, source)
		}
	}
}
