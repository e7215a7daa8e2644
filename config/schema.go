package config

import _ "embed"

//go:generate go run ../internal/manual/generate

// schema is generated from the types of this package.
//
//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (draft 2020-12) of the configuration file, for
// editors and CI. It takes whatever [Load] takes, and refuses what is wrong by
// itself: an unknown or missing setting, a wrong type, an unknown word. What does
// not go together only Load can tell.
func Schema() []byte { return schema }
