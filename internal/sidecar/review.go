package sidecar

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// reviewTimeout bounds the checks of a review, so that the answer is written within
// adminTimeout.
const reviewTimeout = 7 * time.Second

// ReviewDraft implements [adminapi.Configurator]. It checks the draft and the running
// configuration as [Check] does, but makes no keys, and reports what only the draft has.
// One review runs at a time.
func (c *configurator) ReviewDraft(ctx context.Context, in adminapi.Draft) (adminapi.Review, error) {
	select {
	case c.reviewing <- struct{}{}:
		defer func() { <-c.reviewing }()
	default:
		return adminapi.Review{}, unavailable("Another review is running. Try again in some seconds.")
	}
	d, err := c.check(ctx, in)
	switch {
	case err != nil:
		return adminapi.Review{}, err
	case in.Text != nil && in.Base != "" && in.Base != d.base.revision:
		return adminapi.Review{}, conflict(d.base.revision) // the text would undo what others have changed
	}
	out := adminapi.Review{
		Base: d.base.revision, Faults: append([]adminapi.Finding{}, d.faults...), Warnings: []adminapi.Finding{},
		Changed: c.changed(d), NeedRestart: []string{}, Diff: c.diff(d.base.path, d.base.text, d.text, d.cfg),
	}
	if out.Text, err = c.shown(d.text, d.cfg); err != nil {
		out.Text = hidden(err)
	}
	if d.cfg == nil {
		return out, nil
	}
	out.NeedRestart = append(out.NeedRestart, needRestart(c.sidecar.reloader.started, d.cfg)...)
	var found []adminapi.Finding
	var both sync.WaitGroup
	both.Go(func() { found = c.newFindings(ctx, d.cfg) })
	if c.effect != nil {
		both.Go(func() { out.Effect = c.effect(ctx, d.cfg) })
	}
	both.Wait()
	for _, f := range found {
		if f.Severity == string(Fault) {
			out.Faults = append(out.Faults, f)
		} else {
			out.Warnings = append(out.Warnings, f)
		}
	}
	return out, nil
}

// newFindings returns the faults and warnings that a draft has and the running
// configuration does not have.
func (c *configurator) newFindings(ctx context.Context, cfg *config.Config) []adminapi.Finding {
	ctx, cancel := context.WithTimeout(ctx, reviewTimeout)
	defer cancel()
	var now, then []adminapi.Finding
	var both sync.WaitGroup
	both.Go(func() { now = c.findings(ctx, c.sidecar.current().cfg) })
	both.Go(func() { then = c.findings(ctx, cfg) })
	both.Wait()
	return slices.DeleteFunc(then, func(f adminapi.Finding) bool {
		return slices.ContainsFunc(now, func(old adminapi.Finding) bool {
			return f.Path == old.Path && f.Message == old.Message && f.Severity == old.Severity
		})
	})
}

// findings returns the faults and warnings of a configuration.
func (c *configurator) findings(ctx context.Context, cfg *config.Config) (all []adminapi.Finding) {
	o := Options{Source: c.sidecar.o.Source, Functions: c.sidecar.o.Functions}
	k := checker{cfg: cfg, o: o.withDefaults(), dry: true, found: func(f Finding) {
		if f.Severity == Fault || f.Severity == Warn {
			all = append(all, f.JSON())
		}
	}}
	k.run(ctx, func(string) {})
	return all
}
