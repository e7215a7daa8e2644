package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/admin"
	"github.com/tokengraft/tokengraft/internal/filewatch"
	"github.com/tokengraft/tokengraft/internal/supervise"
)

const (
	// preparing is how long a reload waits for what the backend says, before it
	// goes on without.
	preparing = 3 * time.Second
	// pollFiles is how often files are looked at whose changes nobody tells: not
	// all file systems do.
	pollFiles = 5 * time.Second
)

// errWrong is for who has been told already what is wrong.
var errWrong = errors.New("what is in the configuration file could not be made to count; the running configuration stays")

// A reloader makes changed files the configuration of a running sidecar.
type reloader struct {
	sidecar *sidecar
	started *config.Config // whose listeners there are
	loaded  *config.Config // the last that was right, whether or not it could be opened
	reloads metric.Int64Counter
	hangups chan os.Signal // SIGHUP, from now on: it would end the process

	mu    sync.Mutex
	fault error // why what is in the files is not what counts; nil when it is
}

func newReloader(s *sidecar) (*reloader, error) {
	reloads, err := s.meter.Int64Counter("tokengraft.config.reloads",
		metric.WithDescription("Reloads of the configuration, by result: ok, or failed and the one before stays."))
	if err != nil {
		return nil, err
	}
	for _, result := range []string{"ok", "failed"} {
		reloads.Add(context.Background(), 0, withResult(result)) // there before the first, for alerts
	}
	cfg := s.present().cfg
	r := &reloader{sidecar: s, started: cfg, loaded: cfg, reloads: reloads, hangups: make(chan os.Signal, 1)}
	signal.Notify(r.hangups, syscall.SIGHUP)
	r.need()
	return r, nil
}

func withResult(result string) metric.AddOption {
	return metric.WithAttributes(attribute.String("result", result))
}

// run does the work for the present generation and reloads, until ctx ends: on
// SIGHUP, and when a file has changed.
func (r *reloader) run(ctx context.Context) {
	r.sidecar.work(ctx)
	defer r.sidecar.rest()
	defer signal.Stop(r.hangups)
	var changed <-chan struct{} // nil where nobody tells: then files are only polled
	folders, err := filewatch.NewFolders()
	if err != nil {
		r.sidecar.logger.Warn("changed configuration files are not seen at once, but within "+pollFiles.String(), "error", err)
	} else {
		defer folders.Close()
		changed = folders.Changed
	}
	poll := time.NewTicker(pollFiles)
	defer poll.Stop()
	for {
		if folders != nil {
			_ = folders.Watch(r.loaded.Folders()...) // one that cannot be watched is left to polling
		}
		select {
		case <-ctx.Done():
			return
		case <-r.hangups:
			r.reload(ctx, true)
		case <-changed:
			r.look(ctx)
		case <-poll.C:
			r.look(ctx)
		}
	}
}

// look reloads if a file has changed, and, as long as something is wrong, in any
// case: what is missing may be elsewhere than the files that are known.
func (r *reloader) look(ctx context.Context) {
	if r.state() != nil || r.loaded.Changed() {
		r.reload(ctx, false)
	}
}

// state reports what is wrong with the configuration in the files.
func (r *reloader) state() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fault
}

// reload makes what is in the files count, and says what came of it. A fault
// that was reported already is told again only to somebody who asked.
func (r *reloader) reload(ctx context.Context, asked bool) {
	before := r.state()
	changed, err := r.replace(ctx)
	r.mu.Lock()
	r.fault = err
	r.mu.Unlock()
	logger := r.sidecar.logger
	switch {
	case err != nil && !asked && before != nil && before.Error() == err.Error():
		return
	case err != nil:
		r.reloads.Add(ctx, 1, withResult("failed"))
		logger.Error("the configuration was not reloaded; the running one stays", "error", err)
		return
	case len(changed) == 0:
		logger.Info("configuration unchanged")
	default:
		logger.Info("configuration reloaded", "changed", changed)
	}
	r.reloads.Add(ctx, 1, withResult("ok"))
	if settings := r.needRestart(); len(settings) > 0 {
		logger.Warn("some changed settings need a restart; until then the running ones stay", "settings", settings)
	}
}

// replace loads the configuration and makes its generation the present one. It
// returns the settings that changed.
func (r *reloader) replace(ctx context.Context) (_ []string, err error) {
	defer supervise.Catch(r.sidecar.logger, "reload", &err)
	cfg, err := loadConfig(r.started.File())
	if err != nil {
		return nil, err
	}
	r.loaded = cfg
	before := r.sidecar.present()
	changed := cfg.ChangesSince(before.cfg)
	if len(changed) == 0 {
		return nil, nil
	}
	if err := r.sidecar.replace(ctx, cfg); err != nil {
		return nil, err
	}
	r.need() // first, so that nobody asks a source that is being closed how it is
	r.sidecar.handOver(ctx, before)
	return changed, nil
}

// needRestart returns the settings that are not what the listeners were made of.
func (r *reloader) needRestart() []string {
	var settings []string
	for _, path := range r.loaded.ChangesSince(r.started) {
		if path == "listen" || path == "admin" || strings.HasPrefix(path, "tls") || path == "limits.headers" && serverHeader(r.started) != serverHeader(r.loaded) {
			settings = append(settings, path)
		}
	}
	return settings
}

// need makes the sidecar need what its generation does, and that this is what
// the files say.
func (r *reloader) need() {
	configuration := func(context.Context) error {
		if r.state() != nil {
			return errWrong
		}
		return nil
	}
	conditions := r.sidecar.present().conditions()
	r.sidecar.readiness.Use(append(conditions, admin.Condition{Name: "configuration", Instant: true, Probe: configuration})...)
}
