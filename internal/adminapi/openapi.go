package adminapi

import _ "embed"

//go:generate go run ./openapi/generate

// openAPI is generated from the types of this package, and from the table of endpoints in
// package openapi.
//
//go:embed openapi.json
var openAPI []byte

// OpenAPI returns the description of the admin listener, as OpenAPI 3.1 in JSON. The result
// is shared and read-only.
func OpenAPI() []byte { return openAPI }
