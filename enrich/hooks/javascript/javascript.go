// Package javascript links the engine that runs functions written for MongoDB
// Atlas App Services, unchanged.
//
// A program that embeds tokengraft and uses the settings functions,
// user_creation.function or triggers passes it to the sidecar as an option:
//
//	sidecar.New(cfg, sidecar.Options{Functions: javascript.Engine})
//
// Only programs that import this package contain the engine.
//
// Functions run in child processes: the program's own executable, started again. In such
// a process main does not run, but package variables and init functions may. So they
// must not do work of the program, such as opening files or connections.
package javascript

import (
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/appservices/functions"
)

// Engine compiles the functions of an exported app. It is a [hooks.Engine].
func Engine(o hooks.EngineOptions) (hooks.Functions, error) { return functions.Engine(o) }
