package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

// Marker is the field of the user's document that doctor writes with [Options.Write]. It
// removes it at the end, also after an interrupt.
const Marker = "tokengraft_doctor"

// writeTimeout bounds each write.
const writeTimeout = 10 * time.Second

// checkWrite writes the marker, refreshes, and looks for it in the new token.
func (d *doctor) checkWrite(ctx context.Context) {
	if why, hint := d.cannotWrite(); why != "" {
		d.skip("write", hint, "%s", why)
		return
	}
	user, ok := d.user()
	if !ok {
		d.fail("write", "Check documents.user_id_claim.", "the token does not identify the user")
		return
	}
	source, err := sidecar.OpenCollection(d.Config, sidecar.Options{})
	if err != nil {
		d.fail("write", "", "%v", err)
		return
	}
	defer source.Close(context.WithoutCancel(ctx))
	collection := d.Config.Documents.MongoDB
	d.Announce(fmt.Sprintf("writing the field %s to one document in %s.%s, that of the user who logged in; it is removed at the end", Marker, collection.Database, collection.Collection))
	text := rand.Text()
	finding := d.writeAndRefresh(ctx, source, user, text)
	if err := remove(ctx, source, user); err != nil {
		finding = Finding{Check: "write", Status: Fail, Text: fmt.Sprintf("the field %s could not be removed: %v", Marker, err), Hint: fmt.Sprintf("Remove it: db.%s.updateMany({%s: {$exists: true}}, {$unset: {%s: \"\"}})", collection.Collection, Marker, Marker)}
	}
	d.found(finding)
}

// cannotWrite returns why the check cannot run, and what to do.
func (d *doctor) cannotWrite() (why, hint string) {
	claim := d.Config.Claim
	excluded := slices.Contains(claim.Exclude, Marker)
	switch {
	case !d.Write:
		return "--write is not set", ""
	case d.Config.Documents.File != "":
		return "documents.file is read only", ""
	case !d.Config.Live():
		return d.Config.NotLive() + ", so tokens have no document", ""
	case excluded, len(claim.Include) > 0 && !slices.Contains(claim.Include, Marker):
		return fmt.Sprintf("the field %s does not reach tokens", Marker), fmt.Sprintf("Add %s to claim.include while you test.", Marker)
	case d.refresh == nil:
		return "there is no refresh", ""
	}
	return "", ""
}

func (d *doctor) writeAndRefresh(ctx context.Context, source *mongodoc.Source, user enrich.User, text string) Finding {
	failed := func(hint, format string, args ...any) Finding {
		return Finding{Check: "write", Status: Fail, Text: fmt.Sprintf(format, args...), Hint: hint}
	}
	writing, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	found, err := source.SetText(writing, user, Marker, text)
	switch {
	case err != nil:
		return failed("The user of documents.mongodb.uri may only read. Run doctor with a configuration whose URI may write.", "the field could not be written: %v", err)
	case !found:
		return failed(d.reasonHint("no_document"), "the user has no document")
	}
	began := time.Now()
	_, rule, err := d.refresh(ctx)
	if err != nil {
		return failed("", "the refresh after the write: %v", err)
	}
	if got, ok := markerIn(d.subject.parsed.Claim(d.Config.Claim.Name)); !ok || got != text {
		return failed(fmt.Sprintf("The token has an older document. The rule %s must know this request as a refresh: set refresh: always. Reads must go to the primary; cache.stale_for allows old documents only while MongoDB fails.", rule.pattern), "the token of the refresh does not have what was written before it")
	}
	return Finding{Check: "write", Status: OK, Text: fmt.Sprintf("written and in the next token after %d ms, removed again", time.Since(began).Milliseconds())}
}

// remove removes the marker, also if ctx has ended.
func remove(ctx context.Context, source *mongodoc.Source, user enrich.User) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	_, err := source.Unset(ctx, user, Marker)
	if errors.Is(err, enrich.ErrNoDocument) {
		return nil
	}
	return err
}

func markerIn(claim []byte) (string, bool) {
	object, err := jsonedit.ParseLenient(claim)
	if err != nil {
		return "", false
	}
	return jsonedit.Unquote(object.Value(Marker))
}

// user returns the user of the token, as the sidecar does.
func (d *doctor) user() (u enrich.User, ok bool) {
	path, err := jsonedit.ParsePath(string(d.Config.Documents.UserIDClaim))
	if err != nil {
		return u, false
	}
	value := d.subject.parsed.Claim(path[0])
	if len(path) > 1 {
		object, err := jsonedit.ParseLenient(value)
		if err != nil {
			return u, false
		}
		value = object.Lookup(path[1:])
	}
	if u.ID, ok = jsonedit.Unquote(value); !ok {
		u = enrich.User{ID: string(value), Number: true}
		ok = len(value) > 0 && strings.Trim(strings.TrimPrefix(u.ID, "-"), "0123456789") == ""
	}
	if d.Config.Documents.UserIDIssuer != "" {
		u.Issuer, _ = jsonedit.Unquote(d.subject.parsed.Claim("iss"))
	}
	return u, ok && u.ID != ""
}
