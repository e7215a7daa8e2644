// Package javascript links the engine that runs functions written for MongoDB
// Atlas App Services, unchanged.
//
// A program that embeds tokengraft and uses the settings functions,
// user_creation.function or triggers names it once, as an option of the sidecar:
//
//	sidecar.New(cfg, sidecar.Options{Functions: javascript.Engine})
//
// A program that does not import this package does not carry the engine.
package javascript

import (
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/appservices/functions"
)

// Engine compiles the functions of an exported app. It is a [hooks.Engine].
func Engine(o hooks.EngineOptions) (hooks.Functions, error) { return functions.Engine(o) }
