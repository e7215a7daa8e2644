package sidecar

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// settable are the settings that a draft may set, besides those of claim. They are those
// of custom user data, which name no server and no secret.
var settable = []string{
	"shadow", "documents.mongodb.database", "documents.mongodb.collection", "documents.mongodb.watch", "documents.file",
	"documents.user_id_claim", "documents.user_id_field", "documents.user_id_type", "documents.user_id_issuer", "cache.max_age", "cache.stale_for",
}

// maxSet bounds the changes of a draft.
const maxSet = 100

// setText returns the file with changed settings. A peer without the admin token cannot
// make the sidecar read another file.
func setText(ctx context.Context, base file, set []adminapi.Setting) ([]byte, error) {
	if len(set) > maxSet {
		return nil, invalid(fmt.Sprintf("The draft changes more than %d settings.", maxSet))
	}
	changes := make([]config.Setting, len(set))
	for i, s := range set {
		if !slices.Contains(settable, s.Path) && !strings.HasPrefix(s.Path, "claim.") {
			return nil, invalid("Set can change only these settings: claim.…, " + strings.Join(settable, ", ") + ". For others, send the whole text.")
		}
		if s.Path == "documents.file" && !adminapi.PeerOf(ctx).Writes {
			return nil, forbidden("documents.file names a file. Send the admin token to check a draft with another file.")
		}
		changes[i] = config.Setting{Path: s.Path, Value: s.Value}
	}
	text, err := config.Edit(base.text, changes...)
	if err != nil {
		return nil, invalid(sentence(err.Error()))
	}
	if len(text) > maxDraft {
		return nil, invalid(fmt.Sprintf("The text is larger than %s.", config.Size(maxDraft)))
	}
	return text, nil
}

// checkSet refuses a draft that changes other settings than those that were asked. The
// text of the file has been checked already, but a preset can depend on a setting.
func (c *configurator) checkSet(d draft, set []adminapi.Setting) error {
	if len(set) == 0 {
		return nil
	}
	before, err := c.sidecar.o.Parse(d.base.text)
	if err != nil || d.cfg == nil {
		return nil // with faults there is nothing to compare
	}
	for _, path := range d.cfg.ChangesSince(before) {
		if !slices.ContainsFunc(set, func(s adminapi.Setting) bool { return s.Path == path }) {
			return invalid(fmt.Sprintf("The change would also change %s. Edit the file by hand.", path))
		}
	}
	return nil
}

// sentence returns the text of an error as a sentence.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }
