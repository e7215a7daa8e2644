package sidecar

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// A keyManager shows and changes the signing keys of a running sidecar. It implements
// [adminapi.KeyManager].
type keyManager struct{ *Sidecar }

// Keys implements [adminapi.KeyManager].
func (m keyManager) Keys(context.Context) (adminapi.Keys, error) {
	g := m.current()
	all := adminapi.Keys{Keys: []adminapi.Key{}, JWKS: m.jwks(g)}
	for _, k := range g.ring.BackendSet().Keys {
		all.Keys = append(all.Keys, adminapi.Key{ID: k.ID, Algorithm: k.Algorithm, State: "backend", Published: true})
	}
	dir, why, err := m.dir(g)
	if why != "" {
		all.Why = why
		return all, nil
	}
	all.Dir = string(g.cfg.Sign.Keys)
	if err != nil {
		return all, err
	}
	if err := dir.Writable(); err != nil {
		all.ReadOnly = err.Error()
	}
	now := time.Now()
	infos, err := dir.List(now)
	for _, info := range infos {
		all.Keys = append(all.Keys, keyOf(info, g.cfg.Sign.RetireAfter, now))
	}
	return all, err
}

// jwks says what is known of the backend's keys, and where the merged set is published.
func (m keyManager) jwks(g *generation) adminapi.JWKS {
	set := g.ring.BackendSet()
	m.mu.Lock()
	discovery := oidc.Discovery{}
	if g.discovery != nil {
		discovery = *g.discovery
	}
	m.mu.Unlock()
	jwks := adminapi.JWKS{Paths: jwksPathsOf(g.cfg, discovery), Fetched: timeOrNil(set.Fetched), FreshUntil: timeOrNil(set.FreshUntil)}
	for i, from := range understoodVerify(g.cfg).From {
		if i > 0 {
			jwks.From += ", "
		}
		jwks.From += from
	}
	if set.Err != nil {
		jwks.Fault = set.Err.Error()
	}
	return jwks
}

// dir returns the directory of keys, or why there is none.
func (m keyManager) dir(g *generation) (dir *keydir.Dir, why string, err error) {
	switch {
	case g.cfg.Sign.BackendKey != "":
		return nil, "Tokens are signed with the backend's own key, sign.backend_key. Rotate it at the backend.", nil
	case g.cfg.Sign.Keys == "" || secretOnly(g.cfg):
		return nil, "Tokens are signed with the backend's secret, verify.secret. There are no keys of the sidecar.", nil
	}
	dir, err = keydir.Open(string(g.cfg.Sign.Keys))
	return dir, "", err
}

func keyOf(info keydir.Info, retireAfter time.Duration, now time.Time) adminapi.Key {
	until := info.NeededUntil(retireAfter)
	return adminapi.Key{
		ID: info.ID, Algorithm: info.Algorithm, State: string(info.State),
		SignsFrom: timeOrNil(info.Active), SignsUntil: timeOrNil(info.SignsUntil), NeededUntil: timeOrNil(until),
		Published: info.State != keydir.Retired || until.After(now),
	}
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// RotateKeys implements [adminapi.KeyManager].
func (m keyManager) RotateKeys(_ context.Context, peer adminapi.Peer, change adminapi.KeyChange) (adminapi.KeyChanged, error) {
	g := m.current()
	dir, err := m.writableDir(g)
	if err != nil {
		return adminapi.KeyChanged{}, err
	}
	done := adminapi.KeyChanged{DryRun: change.DryRun, Steps: []string{}}
	if change.Now {
		done.Warning = fmt.Sprintf("For up to %s, clients that have cached the JWKS may refuse new tokens. Tokens of the former key are still verified and restored. If it has leaked, prune it afterwards.", keydir.MaxAge)
	}
	now := time.Now()
	if change.DryRun {
		done.Steps, err = rotationSteps(dir, change.Now, now)
		return done, refusedKeys(err)
	}
	rotate := dir.Rotate
	if change.Now {
		rotate = dir.RotateNow
	}
	rotations, err := rotate("", now)
	for _, r := range rotations {
		done.Steps = append(done.Steps, rotationStep(r, change.Now))
		m.o.Logger.Info("rotated a signing key on the admin listener", "algorithm", r.Key.Algorithm, "kid", r.Key.ID, "former", r.Former.ID, "now", change.Now, "peer", peer.Address)
	}
	g.ring.Reload()
	return done, refusedKeys(err)
}

// rotationStep says what a rotation has done.
func rotationStep(r keydir.Rotation, now bool) string {
	if now {
		return fmt.Sprintf("%s %s signs from now on. %s is retired.", r.Key.Algorithm, r.Key.ID, r.Former.ID)
	}
	return fmt.Sprintf("%s %s is published, and signs from %s. %s signs until then.", r.Key.Algorithm, r.Key.ID, r.Key.Active.UTC().Format(time.RFC3339), r.Former.ID)
}

// rotationSteps says what a rotation would do.
func rotationSteps(dir *keydir.Dir, atOnce bool, now time.Time) (steps []string, err error) {
	infos, err := dir.List(now)
	if err != nil {
		return []string{}, err
	}
	for _, info := range infos {
		switch {
		case info.State == keydir.Next && atOnce:
			steps = append(steps, fmt.Sprintf("The next key %s %s would be deleted, because it may have leaked too.", info.Algorithm, info.ID))
		case info.State == keydir.Next:
			return []string{}, fmt.Errorf("%s has a next key already, %s, which starts to sign at %s", info.Algorithm, info.ID, info.Active.UTC().Format(time.RFC3339))
		case info.State == keydir.Active && atOnce:
			steps = append(steps, fmt.Sprintf("A new %s key would sign at once. %s would be retired.", info.Algorithm, info.ID))
		case info.State == keydir.Active:
			steps = append(steps, fmt.Sprintf("A new %s key would be published now, and sign in %s. %s would sign until then.", info.Algorithm, keydir.Publication, info.ID))
		}
	}
	if len(steps) == 0 {
		return []string{}, fmt.Errorf("there are no keys yet; the sidecar makes the first one when it knows the backend's keys")
	}
	return steps, nil
}

// PruneKeys implements [adminapi.KeyManager].
func (m keyManager) PruneKeys(_ context.Context, peer adminapi.Peer, change adminapi.KeyChange) (adminapi.KeyChanged, error) {
	g := m.current()
	dir, err := m.writableDir(g)
	if err != nil {
		return adminapi.KeyChanged{}, err
	}
	retireAfter := g.cfg.Sign.RetireAfter
	deleted, kept, err := dir.Prune(keydir.Pruning{RetireAfter: retireAfter, IDs: change.IDs, DryRun: change.DryRun}, time.Now())
	done := adminapi.KeyChanged{DryRun: change.DryRun, Steps: []string{}}
	for _, info := range deleted {
		verb := "is deleted"
		if change.DryRun {
			verb = "would be deleted"
		} else {
			m.o.Logger.Info("deleted a retired key on the admin listener", "algorithm", info.Algorithm, "kid", info.ID, "peer", peer.Address)
		}
		done.Steps = append(done.Steps, fmt.Sprintf("%s %s %s.", info.Algorithm, info.ID, verb))
	}
	for _, info := range kept {
		done.Steps = append(done.Steps, fmt.Sprintf("%s %s is kept: it is %s.", info.Algorithm, info.ID, whyKept(info, retireAfter)))
	}
	if len(deleted) > 0 {
		done.Warning = "Tokens of a deleted key can no longer be verified with the JWKS, and are no longer restored."
	}
	g.ring.Reload()
	return done, refusedKeys(err)
}

// whyKept says why a key stays.
func whyKept(info keydir.Info, retireAfter time.Duration) string {
	until := info.NeededUntil(retireAfter)
	switch {
	case info.State != keydir.Retired:
		return string(info.State)
	case until.IsZero():
		return "retired since an unknown time. Name its kid to delete it"
	}
	return "retired, and its tokens may be valid until " + until.UTC().Format(time.RFC3339)
}

// writableDir returns the directory of keys, or a problem that says why keys cannot be
// changed here.
func (m keyManager) writableDir(g *generation) (*keydir.Dir, error) {
	dir, why, err := m.dir(g)
	if why != "" {
		return nil, &adminapi.Problem{Type: adminapi.ReadOnlyType, Title: "No keys to change", Status: http.StatusConflict, Detail: why}
	}
	if err == nil {
		err = dir.Writable()
	}
	return dir, refusedKeys(err)
}

// refusedKeys returns an error of the key directory as a problem, or nil.
func refusedKeys(err error) error {
	if err == nil {
		return nil
	}
	return &adminapi.Problem{Type: adminapi.ReadOnlyType, Title: "The keys cannot be changed", Status: http.StatusConflict, Detail: err.Error()}
}
