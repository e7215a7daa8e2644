package bsonjson

import "fmt"

// A Format says how BSON values are written as JSON. The zero Format is [Plain].
type Format string

// The formats. The documentation has a table with the result for each BSON type.
const (
	Plain       Format = "plain"        // what a JSON reader expects: ids and dates are strings
	Relaxed     Format = "relaxed"      // MongoDB Extended JSON v2, relaxed
	Canonical   Format = "canonical"    // MongoDB Extended JSON v2, canonical
	AppServices Format = "app-services" // as MongoDB Atlas App Services wrote custom user data
)

// validate returns an error for an unknown format.
func (f Format) validate() error {
	switch f {
	case "", Plain, Relaxed, Canonical, AppServices:
		return nil
	}
	return fmt.Errorf("Format %q is unknown; use %s, %s, %s or %s", string(f), Plain, Relaxed, Canonical, AppServices)
}
