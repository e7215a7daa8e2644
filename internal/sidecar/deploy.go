package sidecar

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"syscall"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// Deploy implements [adminapi.Configurator].
func (c *configurator) Deploy(ctx context.Context, peer adminapi.Peer, in adminapi.Draft) (adminapi.Deployment, error) {
	if in.Base == "" {
		return adminapi.Deployment{}, invalid("The draft has no base. Send the revision that the draft was made from.")
	}
	return c.deploy(ctx, peer, func(ctx context.Context) (draft, error) {
		d, err := c.check(ctx, in)
		if err == nil && d.base.revision != in.Base {
			err = conflict(d.base.revision)
		}
		return d, err
	})
}

// RollBack implements [adminapi.Configurator].
func (c *configurator) RollBack(ctx context.Context, peer adminapi.Peer, to adminapi.Rollback) (adminapi.Deployment, error) {
	return c.deploy(ctx, peer, func(ctx context.Context) (draft, error) {
		f, err := c.read()
		if err != nil {
			return draft{}, err
		}
		text, err := earlier(f, to.To)
		if err != nil {
			return draft{}, err
		}
		return c.parse(f, text)
	})
}

// earlier returns the text of a version. Without an id it is the one before the file.
func earlier(f file, id string) ([]byte, error) {
	kept := versionsOf(f.path)
	list, err := kept.list(f.revision)
	if err != nil {
		return nil, unavailable(fmt.Sprintf("The earlier versions cannot be read: %v.", err))
	}
	i := slices.IndexFunc(list, func(v adminapi.Version) bool { return v.ID == id })
	if id == "" {
		i = 1 + slices.IndexFunc(list, func(v adminapi.Version) bool { return v.Current })
	}
	if i < 0 || i >= len(list) {
		return nil, invalid("The version is not kept, or no longer. Choose one of versions of GET /api/config.")
	}
	text, err := kept.read(list[i].ID)
	if err != nil {
		return nil, unavailable(fmt.Sprintf("The version cannot be read: %v.", err))
	}
	return text, nil
}

// deploy makes a draft the configuration file, and waits until it runs. One runs at a time.
func (c *configurator) deploy(ctx context.Context, peer adminapi.Peer, make func(context.Context) (draft, error)) (adminapi.Deployment, error) {
	if !peer.Writes {
		return adminapi.Deployment{}, forbidden("Send the admin token to change the configuration.")
	}
	select {
	case c.deploying <- struct{}{}:
		defer func() { <-c.deploying }()
	case <-ctx.Done():
		return adminapi.Deployment{}, unavailable("The sidecar is busy with another change. Try again.")
	}
	d, err := make(adminapi.WithPeer(ctx, peer))
	switch {
	case err != nil:
		return adminapi.Deployment{}, err
	case d.cfg == nil:
		return adminapi.Deployment{}, faultsProblem(d.faults)
	case string(d.text) == string(d.base.text):
		return adminapi.Deployment{}, &adminapi.Problem{Type: adminapi.UnchangedType, Title: "Nothing to deploy", Status: http.StatusConflict, Detail: "The draft is the file as it is."}
	}
	running := c.sidecar.current().cfg
	out := adminapi.Deployment{
		Changed: c.changed(d), NeedRestart: append([]string{}, needRestart(c.sidecar.reloader.started, d.cfg)...),
		Diff: c.diff(d.base.path, d.base.text, d.text, d.cfg, running),
	}
	if why := readOnly(d.base.path); why != "" {
		return adminapi.Deployment{}, readOnlyProblem(why, out.Diff)
	}
	err = c.sidecar.reloader.change(ctx, func(ctx context.Context) error { return c.write(ctx, peer, d, &out) })
	return out, err
}

// write writes a draft, and applies it. If that fails, the file is as it was. Only the
// goroutine of Run calls it.
func (c *configurator) write(ctx context.Context, peer adminapi.Peer, d draft, out *adminapi.Deployment) error {
	now, err := c.read()
	switch {
	case err != nil:
		return err
	case now.revision != d.base.revision:
		return conflict(now.revision)
	}
	kept := versionsOf(d.base.path)
	if err := c.keep(kept, d.base); err != nil {
		return notWritten(err, out.Diff)
	}
	if out.Version, err = kept.add(d.text, out.Changed); err != nil {
		return notWritten(err, out.Diff)
	}
	if err := replaceFile(d.base.path, d.text); err != nil {
		kept.remove(out.Version.ID)
		return notWritten(err, out.Diff)
	}
	r := c.sidecar.reloader
	r.reload(ctx, true)
	if fault := r.state(); fault != nil {
		kept.remove(out.Version.ID)
		return c.restore(ctx, d, fault)
	}
	kept.prune()
	out.Version.Current = true
	c.sidecar.o.Logger.Info("configuration deployed", "changed", out.Changed, "before", d.base.revision, "after", out.Version.Revision, "peer", peer.Address)
	return nil
}

// keep keeps the file as a version, if a person has changed it by hand or it is the first.
func (c *configurator) keep(kept versions, f file) error {
	list, err := kept.list(f.revision)
	if err != nil || len(list) > 0 && list[0].Current {
		return err
	}
	var changed []string
	if len(list) > 0 {
		changed = c.changedBetween(kept, list[0].ID, f)
	}
	_, err = kept.add(f.text, changed)
	return err
}

// changedBetween returns the settings in which the file differs from a version, if both
// can be read.
func (c *configurator) changedBetween(kept versions, id string, f file) []string {
	text, err := kept.read(id)
	if err != nil {
		return nil
	}
	before, err := c.sidecar.o.Parse(text)
	if err != nil {
		return nil
	}
	after, err := c.sidecar.o.Parse(f.text)
	if err != nil {
		return nil
	}
	return after.ChangesSince(before)
}

// restore writes the file as it was before the draft, which cannot be applied.
func (c *configurator) restore(ctx context.Context, d draft, fault error) error {
	if err := replaceFile(d.base.path, d.base.text); err != nil {
		c.sidecar.o.Logger.Error("the draft was not applied, and the file before it was not restored; restore it by hand", "file", d.base.path, "error", err)
		return unavailable(fmt.Sprintf("The draft was not applied, and the file before it cannot be restored: %v. The running configuration stays in use. Restore the file by hand.", err))
	}
	c.sidecar.reloader.reload(ctx, true)
	problem := faultsProblem(openFaults(fault)).(*adminapi.Problem)
	problem.Detail = "The draft cannot be applied. The file is as it was, and the running configuration stays in use."
	return problem
}

// openFaults returns the faults in an error of opening a configuration.
func openFaults(err error) (all []adminapi.Finding) {
	for _, fault := range faultsIn(err) {
		all = append(all, Finding{Severity: Fault, At: fault}.JSON())
	}
	if all == nil {
		all = FaultsOf(err)
	}
	return all
}

// notWritten says that the file is as it was.
func notWritten(err error, diff string) error {
	for _, mounted := range []error{syscall.EBUSY, syscall.EXDEV, syscall.EROFS, os.ErrPermission} {
		if errors.Is(err, mounted) {
			return readOnlyProblem(fmt.Sprintf("The file cannot be replaced: %v.", err), diff)
		}
	}
	return unavailable(fmt.Sprintf("The file cannot be replaced: %v. It is as it was.", err))
}

func readOnlyProblem(why, diff string) error {
	return &adminapi.Problem{Type: adminapi.ReadOnlyType, Title: "The file is read-only", Status: http.StatusConflict, Detail: why, Diff: diff}
}

func conflict(revision string) error {
	return &adminapi.Problem{
		Type: adminapi.ConflictType, Title: "The file has changed", Status: http.StatusConflict,
		Detail: "The file has changed since the draft was made, or the sidecar has restarted. It is now at the revision " + revision + ". Make the draft again from that.",
	}
}
