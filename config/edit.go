package config

import "github.com/tokengraft/tokengraft/internal/yamlbind"

// A Setting is a changed setting in the text of a configuration.
type Setting = yamlbind.Change

// Edit returns the text of a configuration with changed settings. Every other byte stays,
// so comments and order do. It returns an error if anything else would change.
func Edit(text []byte, settings ...Setting) ([]byte, error) { return yamlbind.Edit(text, settings...) }

// ParseValue returns a value for [Edit] that a person has written as in a file, on one
// line: a number, true, false, text, or a list such as [a, b]. Nothing is nil.
func ParseValue(text string) (any, error) { return yamlbind.ParseValue(text) }
