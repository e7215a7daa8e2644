package sidecar

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/admin"
	"github.com/tokengraft/tokengraft/internal/filewatch"
	"github.com/tokengraft/tokengraft/internal/supervise"
)

// pollFiles is how often a reloader looks for changed files, because not all file
// systems report changes.
const pollFiles = 5 * time.Second

// A reloader applies changed configuration files to a running sidecar.
type reloader struct {
	sidecar  *Sidecar
	started  *config.Config // the listeners have its settings
	loaded   *config.Config // the last that Load accepted, even if it could not be opened
	reloads  metric.Int64Counter
	loadedAt metric.Float64Gauge // when the configuration was last loaded without a fault
	asked    chan struct{}
	changes  chan func(context.Context) // what changes the file; run calls it
	ended    chan struct{}              // closed when run returns

	mu    sync.Mutex
	fault error // why the configuration in the files is not running; nil if it is
}

func newReloader(s *Sidecar, cfg *config.Config) (*reloader, error) {
	r := &reloader{sidecar: s, started: cfg, loaded: cfg, asked: make(chan struct{}, 1), changes: make(chan func(context.Context)), ended: make(chan struct{})}
	var err, errLoadedAt error
	r.reloads, err = s.o.Meter.Int64Counter("tokengraft.config.reloads",
		metric.WithDescription("Reloads of the configuration, by result: ok, or failed (the running configuration stays)."))
	r.loadedAt, errLoadedAt = s.o.Meter.Float64Gauge("tokengraft.config.last_reload.timestamp",
		metric.WithUnit("s"),
		metric.WithDescription("When the configuration was last loaded without a fault, at the start or later, in seconds since 1970."))
	if err := errors.Join(err, errLoadedAt); err != nil {
		return nil, err
	}
	r.recordLoaded(context.Background())
	for _, result := range []string{"ok", "failed"} {
		r.reloads.Add(context.Background(), 0, withResult(result)) // so that alerts see the counter before the first reload
	}
	return r, nil
}

// recordLoaded records that the configuration was loaded now.
func (r *reloader) recordLoaded(ctx context.Context) {
	r.loadedAt.Record(ctx, float64(time.Now().UnixMilli())/1000)
}

func withResult(result string) metric.AddOption {
	return metric.WithAttributes(attribute.String("result", result))
}

// ask makes run reload, even if no file has changed.
func (r *reloader) ask() {
	select {
	case r.asked <- struct{}{}:
	default: // it has been asked already
	}
}

// run reloads when it is asked to and when a file has changed, until ctx ends.
func (r *reloader) run(ctx context.Context) {
	defer close(r.ended)
	if r.sidecar.o.Load == nil {
		<-ctx.Done()
		return
	}
	var changed <-chan struct{} // nil if changes are not reported; then files are only polled
	folders, err := filewatch.NewFolders()
	if err != nil {
		r.sidecar.o.Logger.Warn("configuration files cannot be watched; changes are noticed within "+pollFiles.String()+", not at once", "error", err)
	} else {
		defer folders.Close()
		changed = folders.Changed
	}
	poll := time.NewTicker(pollFiles)
	defer poll.Stop()
	for {
		if folders != nil {
			_ = folders.Watch(r.loaded.Folders()...) // one that cannot be watched is polled
		}
		select {
		case <-ctx.Done():
			return
		case <-r.asked:
			r.reload(ctx, true)
		case change := <-r.changes:
			change(ctx)
		case <-changed:
			r.look(ctx)
		case <-poll.C:
			r.look(ctx)
		}
	}
}

// look reloads if a file has changed. After a failed reload it always tries again,
// because the fault may be in a file that the last good configuration does not name.
func (r *reloader) look(ctx context.Context) {
	if r.state() != nil || r.loaded.Changed() {
		r.reload(ctx, false)
	}
}

// reload applies the configuration in the files, and logs the result. It logs the
// same fault again only if it was asked to reload.
func (r *reloader) reload(ctx context.Context, asked bool) {
	before := r.state()
	changed, err := r.apply(ctx)
	r.setState(err)
	logger := r.sidecar.o.Logger
	switch {
	case err != nil && !asked && before != nil && before.Error() == err.Error():
		return
	case err != nil:
		r.reloads.Add(ctx, 1, withResult("failed"))
		logger.Error("the configuration was not reloaded; the running configuration stays in use until the fault is fixed", "error", err)
		return
	case len(changed) == 0:
		logger.Info("configuration unchanged")
	default:
		logger.Info("configuration reloaded", "changed", changed)
	}
	r.reloads.Add(ctx, 1, withResult("ok"))
	r.recordLoaded(ctx)
	if settings := r.needRestart(); len(settings) > 0 {
		logger.Warn("some changed settings take effect only after a restart", "settings", settings)
	}
}

// apply loads the configuration and makes it the current one. It returns the
// settings that changed.
func (r *reloader) apply(ctx context.Context) (changed []string, err error) {
	defer supervise.Catch(r.sidecar.o.Logger, "reload", &err)
	cfg, err := r.sidecar.o.Load()
	if err != nil {
		return nil, err
	}
	r.loaded = cfg
	changed = cfg.ChangesSince(r.sidecar.current().cfg)
	if len(changed) == 0 {
		return nil, nil
	}
	return changed, r.sidecar.apply(ctx, cfg)
}

// needRestart returns the changed settings that the listeners still have to adopt.
func (r *reloader) needRestart() []string { return needRestart(r.started, r.loaded) }

// needRestart returns the settings in which the listeners of a configuration differ from
// those of another, with which the process started.
func needRestart(started, loaded *config.Config) []string {
	var settings []string
	for _, path := range loaded.ChangesSince(started) {
		larger := serverHeader(loaded) > serverHeader(started)
		if path == "listen" || path == "admin" || path == "h2c" || strings.HasPrefix(path, "tls") || path == "limits.headers" && larger {
			settings = append(settings, path)
		}
	}
	return settings
}

// change makes run call a function that changes the file, and waits for its result. The
// function is called once or not at all.
func (r *reloader) change(ctx context.Context, f func(context.Context) error) error {
	result := make(chan error, 1)
	select {
	case r.changes <- func(ctx context.Context) { result <- f(ctx) }:
	case <-ctx.Done():
		return unavailable("The sidecar is busy with another change. Try again.")
	case <-r.ended:
		return unavailable("The sidecar is stopping.")
	}
	select {
	case err := <-result:
		return err
	case <-r.ended:
		return unavailable("The sidecar is stopping. Look at the file, which may have changed.")
	}
}

// state returns why the configuration in the files does not run; nil if it does.
func (r *reloader) state() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fault
}

func (r *reloader) setState(fault error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = fault
}

// errNotApplied does not contain the cause, which has been logged.
var errNotApplied = errors.New("the configuration was not reloaded, and the running configuration stays in use; the log says why")

// condition holds if the running configuration is the one in the files.
func (r *reloader) condition() admin.Condition {
	return admin.Condition{Name: "configuration", Instant: true, Probe: func(context.Context) error {
		if r.state() != nil {
			return errNotApplied
		}
		return nil
	}, Help: "Fix the file. The running configuration stays in use until then, and the log says what is wrong."}
}
