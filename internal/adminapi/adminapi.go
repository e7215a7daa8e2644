// Package adminapi has the types of the admin API: what its endpoints answer and take as
// JSON, and what the listener asks of the sidecar. The JSON names do not change.
//
// Nothing here has a token, and nothing has a document or a user's id unless a person
// asked for that user.
package adminapi

import "time"

// A Finding is a fault, a warning or a note about a configuration, as tokengraft check has
// them.
type Finding struct {
	Severity string `json:"severity"` // ok, warn, fault or note
	Message  string `json:"message"`
	Hint     string `json:"hint"`
	File     string `json:"file"`
	Path     string `json:"path"` // of the setting
	Line     int    `json:"line"` // from 1; 0 if the finding has no place
	Column   int    `json:"column"`
}

// A Series is a plot of the last hour: lines over the same instants.
type Series struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// Unit is a word such as "per second", "ms", "bytes" or "%", or "" for plain numbers.
	Unit string `json:"unit"`
	// End is the instant of the last value. Values are Step seconds apart.
	End   time.Time `json:"end"`
	Step  float64   `json:"step"`
	Lines []Line    `json:"lines"`
	// Bounds are limits that the lines should stay below, or above.
	Bounds []Bound `json:"bounds"`
}

// A Line has one value for each instant, the oldest first. Nil means that there was
// nothing to measure.
type Line struct {
	Label  string     `json:"label"`
	Values []*float64 `json:"values"`
}

// A Bound is a value of a setting or of a promise, in the unit of its series.
type Bound struct {
	Label string  `json:"label"`
	Value float64 `json:"value"`
}
