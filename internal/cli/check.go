package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/enrich/hooks/javascript"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

func checkCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration and everything that it names",
		Long:  "Check validates the configuration file and then opens everything once, as serve would:\nthe backend, the keys (a missing signing key is made), the source of documents. It serves\nnothing. It reports every fault at once, and exits 0 if there are none but warnings.",
		Args:  noArguments,
	}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := loadConfig(*path)
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
			return errors.New("1 fault")
		}
		return fmt.Errorf("%d faults", faults)
	}
	return c
}

// printFinding prints a finding in a line, with its hint below.
func printFinding(w io.Writer, f sidecar.Finding) {
	fmt.Fprintf(w, "%-6s %v\n", f.Severity, f)
	if f.Hint != "" {
		fmt.Fprintf(w, "       %s\n", f.Hint)
	}
}
