package cli

import (
	"io"
	"os"

	"github.com/tokengraft/tokengraft/internal/telemetry"
)

// A colour is the number of a terminal's colour.
type colour string

// The colours.
const (
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
	blue   colour = "34"
)

// paint returns a text in a colour if w shows colours: if it is a terminal, and the
// environment does not say otherwise (https://no-color.org).
func paint(w io.Writer, c colour, text string) string {
	if c == "" || !telemetry.IsTerminal(w) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}
