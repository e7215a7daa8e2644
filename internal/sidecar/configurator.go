package sidecar

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// A configurator shows and changes the configuration file of a running sidecar. It
// implements [adminapi.Configurator].
type configurator struct {
	sidecar              *Sidecar
	deploying, reviewing chan struct{} // full while one runs
	// effect says what a draft would have made of the last logins; nil if nothing can.
	effect func(ctx context.Context, draft *config.Config) *adminapi.Effect
	// sample reads some documents of a draft's source; nil if nothing can.
	sample func(ctx context.Context, peer adminapi.Peer, draft *config.Config) (adminapi.Sample, error)
}

func (s *Sidecar) configurator() *configurator {
	return &configurator{sidecar: s, deploying: make(chan struct{}, 1), reviewing: make(chan struct{}, 1)}
}

var _ adminapi.Configurator = (*configurator)(nil)

// A file is the configuration file as it was read.
type file struct {
	path     string
	text     []byte
	revision string
}

// read reads the configuration file. The error is a [*adminapi.Problem].
func (c *configurator) read() (file, error) {
	path := c.sidecar.current().cfg.File()
	if path == "" || path == config.Stdin {
		return file{path: path}, &adminapi.Problem{
			Type: adminapi.ReadOnlyType, Title: "No configuration file", Status: http.StatusConflict,
			Detail: "The configuration was not read from a file, so it cannot be shown or changed here. Change it where it comes from, and restart.",
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return file{path: path}, unavailable(fmt.Sprintf("The configuration file cannot be read: %v.", err))
	}
	return file{path, text, revisionOf(text)}, nil
}

// revisionKey is new in each process. Without it, a peer who sees the text without its secrets
// could try which secrets give the revision.
var revisionKey = []byte(rand.Text())

// revisionOf names the content of a file, until the sidecar restarts.
func revisionOf(text []byte) string {
	mac := hmac.New(sha256.New, revisionKey)
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// Config implements [adminapi.Configurator].
func (c *configurator) Config(context.Context) (adminapi.Config, error) {
	out := adminapi.Config{Versions: []adminapi.Version{}, Settings: dataSettings(c.sidecar.current().cfg), Samples: c.sample != nil}
	if fault := c.sidecar.reloader.state(); fault != nil {
		out.Fault = fault.Error()
	}
	f, err := c.read()
	out.File, out.Revision = f.path, f.revision
	if err != nil {
		out.ReadOnly = err.Error()
		return out, nil
	}
	out.ReadOnly = readOnly(f.path)
	if out.Versions, err = versionsOf(f.path).list(f.revision); err != nil {
		return out, unavailable(fmt.Sprintf("The earlier versions cannot be read: %v.", err))
	}
	if out.Text, err = c.shown(f.text); err != nil {
		out.Text = hidden(err)
	}
	return out, nil
}

// SampleDraft implements [adminapi.Configurator].
func (c *configurator) SampleDraft(ctx context.Context, peer adminapi.Peer, d adminapi.Draft) (adminapi.Sample, error) {
	if c.sample == nil {
		return adminapi.Sample{}, unavailable("The documents come from the program that tokengraft is part of, and cannot be sampled. Write the paths of fields by hand. A review says what becomes of them.")
	}
	checked, err := c.check(ctx, d)
	switch {
	case err != nil:
		return adminapi.Sample{}, err
	case checked.cfg == nil:
		return adminapi.Sample{}, faultsProblem(checked.faults)
	}
	return c.sample(ctx, peer, checked.cfg)
}

func notYet() error { return unavailable("This sidecar cannot do that.") }

func unavailable(detail string) error {
	return &adminapi.Problem{Type: adminapi.UnavailableType, Title: "Not available now", Status: http.StatusServiceUnavailable, Detail: detail}
}
