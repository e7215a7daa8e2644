package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/enrich/hooks/javascript"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

func checkCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration and everything that it names",
		Long: `Check validates the configuration file. Then it opens everything once, as serve would: the
backend, the keys (it makes a missing signing key) and the source of documents. It does not
serve. It reports all faults at once. It exits 0 if there are only warnings, 1 if there are
faults, and 2 if the configuration file is not valid.`,
		Args: noArguments,
	}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := loadConfig(c, *path)
		if err != nil {
			return err
		}
		faults := 0
		sidecar.Check(c.Context(), cfg, sidecar.Options{Functions: javascript.Engine}, func(f sidecar.Finding) {
			printFinding(c.OutOrStdout(), f)
			if f.Severity == sidecar.Fault {
				faults++
			}
		})
		switch faults {
		case 0:
			return nil
		case 1:
			return errors.New("check found 1 fault")
		}
		return fmt.Errorf("check found %d faults", faults)
	}
	return c
}

// printFinding prints a finding, and its hint below. More lines of either are indented.
func printFinding(w io.Writer, f sidecar.Finding) {
	fmt.Fprintf(w, "%-6s %s\n", f.Severity, strings.ReplaceAll(f.String(), "\n", "\n       "))
	if f.Hint != "" {
		fmt.Fprintf(w, "       %s\n", f.Hint)
	}
}
