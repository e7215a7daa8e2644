// Package yamlbind binds a YAML file to a struct. It is strict, and reports all
// faults at once with their places. It does not know what the struct configures.
//
// A struct is a section of the file, and its fields are the settings. Tags say
// what the file may contain:
//
//	yaml:"NAME"           the name of the setting
//	yaml:"NAME,required"  the section must have it
//	yaml:"NAME,either"    the section must have at least one of the settings with this tag
//	yaml:"NAME,single"    a single element may be written instead of a list
//	yaml:"NAME,off"       the word off sets the zero value
//	yaml:"NAME,switch"    a scalar may replace the section, and sets its first field. A
//	                      first field that is a bool is not a setting; a mapping sets it
//	yaml:"-"              not a setting
//	default:"TEXT"        the value if the file does not have the setting
//
// A field is a section, a list, or a scalar: text, a boolean, a duration, or a
// type that [Describe] or [DescribeWords] has registered.
//
// [Report.Parse] reads a file into nodes, and a [Binder] sets fields from them.
// [Check] applies the same rules to a struct whose fields were set in Go.
package yamlbind
