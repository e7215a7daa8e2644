//go:build nojavascript

package cli

import "github.com/tokengraft/tokengraft/enrich/hooks"

// engine is nil: this program refuses a configuration with functions. The JavaScript
// engine is a third of the program. It calls methods by names that scripts choose, so
// with it the linker keeps all methods of all types.
var engine hooks.Engine
