package cli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes of all commands, unless a command says something else.
var commonExits = map[int]string{
	exitOK:    "success",
	exitFault: "something failed; the error says what",
	exitUsage: "the command line or the configuration is wrong",
}

// exits documents what an exit code of a command means.
func exits(c *cobra.Command, code int, meaning string) {
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	c.Annotations[exitAnnotation+strconv.Itoa(code)] = meaning
}

const exitAnnotation = "exit "

// exitCodes returns the exit codes of a command for its help.
func exitCodes(c *cobra.Command) string {
	all := maps.Clone(commonExits)
	for name, meaning := range c.Annotations {
		if code, err := strconv.Atoi(strings.TrimPrefix(name, exitAnnotation)); err == nil {
			all[code] = meaning
		}
	}
	var text strings.Builder
	text.WriteString("Exit codes:\n")
	for _, code := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&text, "  %d  %s\n", code, all[code])
	}
	return text.String()
}

// showExitCodes makes the help of root and its commands end with their exit codes.
func showExitCodes(root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		help(c, args)
		fmt.Fprint(c.OutOrStdout(), "\n", exitCodes(c))
	})
}
