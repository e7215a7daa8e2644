package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/internal/telemetry"
)

// version and commit are set by the linker in images. For `go install`, Go records
// both.
var version, commit string

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print version, commit and Go version",
		Example: "  tokengraft version",
		Args:    noArguments,
		Run: func(c *cobra.Command, _ []string) {
			fmt.Fprintln(c.OutOrStdout(), "tokengraft", describeBuild())
		},
	}
}

func describeBuild() string {
	v, rev := build()
	return fmt.Sprintf("%s commit %s %s", v, rev, runtime.Version())
}

func thisBuild() telemetry.Build {
	v, rev := build()
	return telemetry.Build{Version: v, Commit: rev}
}

func build() (v, rev string) {
	v, rev = version, commit
	info, ok := debug.ReadBuildInfo()
	if v == "" && ok {
		v = info.Main.Version
	}
	if ok && rev == "" {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				rev = setting.Value
			}
		}
	}
	if v == "" {
		v = "(devel)"
	}
	if rev == "" {
		rev = "unknown"
	}
	return v, rev
}
