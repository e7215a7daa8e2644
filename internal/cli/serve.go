package cli

import (
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/sidecar"
	"github.com/tokengraft/tokengraft/internal/telemetry"
)

func serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the sidecar",
		Long: `Serve runs the sidecar until SIGINT or SIGTERM. It also starts while the backend or MongoDB
cannot be reached, and uses them as soon as they can. It applies a changed configuration file
within seconds, without a restart; SIGHUP makes it look at once.

The log goes to stderr, and has a "listening" line for each listener. Set LOG_LEVEL to debug,
info, warn or error, and LOG_FORMAT to text or json.`,
		Example: "  tokengraft serve\n  LOG_FORMAT=text tokengraft serve -c /etc/tokengraft/tokengraft.yaml",
		Args:    noArguments,
	}
	exits(c, exitOK, "it has stopped after a signal")
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error { return serve(c, *path) }
	return c
}

func serve(c *cobra.Command, path string) error {
	logger, level, err := telemetry.NewLogger(c.ErrOrStderr())
	if err != nil {
		return err
	}
	cfg, err := loadConfig(c, path)
	if err != nil {
		return err
	}
	version, commit := build()
	logger.Info("starting", "version", version, "commit", commit, "go", runtime.Version(), "config", absolute(cfg.File()))
	t, err := telemetry.Start(c.Context(), logger, thisBuild())
	if err != nil {
		return err
	}
	sidecar.LimitMemory(cfg, logger)
	s, err := sidecar.Open(cfg, sidecarOptions(c, path, logger, t))
	if err != nil {
		return err
	}
	go sidecar.KeepSmall(c.Context())
	defer reloadOnHangup(s)()
	return s.Serve(c.Context(), sidecar.ServeOptions{Metrics: t.Metrics, Gather: t.Gather, Version: version, Level: level, Flush: t.Shutdown, LimitsMemory: true})
}

// sidecarOptions returns the options of a sidecar that serves and reloads its file.
func sidecarOptions(c *cobra.Command, path string, logger *slog.Logger, t *telemetry.Telemetry) sidecar.Options {
	o := sidecar.Options{
		Logger:    logger,
		Meter:     t.Meter,
		Tracer:    t.Tracer,
		Functions: engine,
		Load:      func() (*config.Config, error) { return loadConfig(c, path) },
		Parse:     func(text []byte) (*config.Config, error) { return parseDraft(path, text) },
	}
	if path == stdinConfig {
		logger.Info("the configuration comes from standard input, so changes of it need a restart")
		o.Load, o.Parse = nil, nil
	}
	return o
}

// reloadOnHangup makes the sidecar reload on SIGHUP, which would otherwise end the
// process, until stop is called.
func reloadOnHangup(s *sidecar.Sidecar) (stop func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for range hangups {
			s.Reload()
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(hangups)
	}
}

// absolute returns the absolute path of a file, or its name if that cannot be found.
func absolute(file string) string {
	if path, err := filepath.Abs(file); err == nil && file != config.Stdin {
		return path
	}
	return file
}
