package config

import _ "embed"

//go:generate go run ../internal/manual/generate

// schema is generated from the types of this package.
//
//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (draft 2020-12) of the configuration file, for
// editors and CI. It accepts every file that [Load] accepts, and refuses unknown or
// missing settings, wrong types and unknown words. Only Load finds settings that do
// not fit together. The result is shared and read-only.
func Schema() []byte { return schema }
