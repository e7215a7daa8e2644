// Package yamlbind binds a YAML file to a struct: strictly, with every fault
// reported at once and at its place. It knows nothing of what the struct
// configures.
//
// A struct is a section of the file, and its fields are the settings. Tags say
// what the file may have:
//
//	yaml:"NAME"           the name of the setting
//	yaml:"NAME,required"  its section is wrong without it
//	yaml:"NAME,single"    one element may stand for a list of one
//	yaml:"NAME,off"       the word off sets the zero value
//	yaml:"NAME,switch"    true or false may stand for the section, and sets its first field
//	yaml:"-"              not a setting
//	default:"TEXT"        what applies when the file does not have the setting
//
// A field is a section, a list, or a scalar: text, a boolean, a duration, or a
// type that describes itself (see [Describer]). A type that cannot have methods
// of ours is described with [Describe].
//
// [Parse] reads a file into nodes, and a [Binder] sets fields from them. [Check]
// holds a struct whose fields were set in Go to the same rules.
package yamlbind
