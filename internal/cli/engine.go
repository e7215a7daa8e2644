//go:build !nojavascript

package cli

import "github.com/tokengraft/tokengraft/enrich/hooks/javascript"

// engine runs the functions of a configuration.
var engine = javascript.Engine
