package sidecar

import (
	"context"
	"fmt"
	"net/http"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// maxDraft bounds the text of a draft in bytes.
const maxDraft = 1 << 20

// A draft is a changed text of the configuration file, and what it means.
type draft struct {
	base   file
	text   []byte
	cfg    *config.Config // nil if there are faults
	faults []adminapi.Finding
}

// check makes the draft and parses it. The error is a [*adminapi.Problem]; faults of the
// text are none.
func (c *configurator) check(ctx context.Context, d adminapi.Draft) (draft, error) {
	base, err := c.read()
	if err != nil {
		return draft{}, err
	}
	text, err := draftText(ctx, base, d)
	if err != nil {
		return draft{}, err
	}
	secret, err := config.Unredact(base.path, text, base.text)
	if err != nil {
		return draft{base: base, text: text, faults: FaultsOf(err)}, nil
	}
	out, err := c.parse(base, secret)
	if err != nil {
		return out, err
	}
	return out, c.checkSet(out, d.Set)
}

// parse returns the draft with a text that has its secrets.
func (c *configurator) parse(base file, text []byte) (draft, error) {
	if c.sidecar.o.Parse == nil {
		return draft{}, notYet()
	}
	out := draft{base: base, text: text}
	cfg, err := c.sidecar.o.Parse(text)
	if err != nil {
		out.faults = FaultsOf(err)
		return out, nil
	}
	out.cfg = cfg
	return out, nil
}

// draftText returns the text of a draft. A whole text can name files and servers, so only
// peers who may deploy it may have it checked.
func draftText(ctx context.Context, base file, d adminapi.Draft) ([]byte, error) {
	switch {
	case d.Text != nil && len(d.Set) > 0:
		return nil, invalid("The draft has text and set. Send only one of them.")
	case d.Text == nil:
		return setText(ctx, base, d.Set)
	case len(*d.Text) > maxDraft:
		return nil, invalid(fmt.Sprintf("The text is larger than %s.", config.Size(maxDraft)))
	case !adminapi.PeerOf(ctx).Writes:
		return nil, forbidden("A whole text can name files and servers. Send the admin token, or send only changes of settings in set.")
	}
	return []byte(*d.Text), nil
}

// changed returns the settings in which the draft differs from the running configuration.
func (c *configurator) changed(d draft) []string {
	if d.cfg == nil {
		return []string{}
	}
	return append([]string{}, d.cfg.ChangesSince(c.sidecar.current().cfg)...)
}

// CheckDraft implements [adminapi.Configurator].
func (c *configurator) CheckDraft(ctx context.Context, in adminapi.Draft) (adminapi.Checked, error) {
	d, err := c.check(ctx, in)
	if err != nil {
		return adminapi.Checked{}, err
	}
	out := adminapi.Checked{Faults: append([]adminapi.Finding{}, d.faults...), Changed: c.changed(d)}
	if d.cfg != nil {
		settings := dataSettings(d.cfg)
		out.Settings = &settings
	}
	return out, nil
}

func invalid(detail string) error {
	return &adminapi.Problem{Type: adminapi.InvalidType, Title: "The request is not valid", Status: http.StatusBadRequest, Detail: detail}
}

func forbidden(detail string) error {
	return &adminapi.Problem{Type: adminapi.ForbiddenType, Title: "The admin token is needed", Status: http.StatusForbidden, Detail: detail}
}

// faultsProblem refuses a draft with faults.
func faultsProblem(faults []adminapi.Finding) error {
	return &adminapi.Problem{
		Type: adminapi.FaultsType, Title: "The draft has faults", Status: http.StatusUnprocessableEntity,
		Detail: "The draft has faults, so nothing was changed.", Faults: faults,
	}
}
