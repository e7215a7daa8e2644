package config

import "github.com/tokengraft/tokengraft/internal/yamlbind"

// A Setting is a changed setting in the text of a configuration.
type Setting = yamlbind.Change

// Edit returns the text of a configuration with changed settings. Every other byte stays,
// so comments and order do. It returns an error if anything else would change.
func Edit(text []byte, settings ...Setting) ([]byte, error) { return yamlbind.Edit(text, settings...) }
