package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/enrich/keys"
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
			if openssl := describeOpenSSL(); openssl != "" {
				fmt.Fprintln(c.OutOrStdout(), "RSA signatures:", openssl)
			}
		},
	}
}

func describeBuild() string {
	v, rev := build()
	return fmt.Sprintf("%s commit %s %s", v, rev, runtime.Version())
}

// describeOpenSSL says whether OpenSSL makes RSA signatures, in a program that was built for
// that. Otherwise it returns "".
func describeOpenSSL() string {
	signer, err := keys.RSASigner()
	switch {
	case err != nil:
		return fmt.Sprintf("%s, because %v", signer, err)
	case signer == keys.StandardRSASigner:
		return ""
	}
	return signer
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
