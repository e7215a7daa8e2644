package discover

import (
	"fmt"
	"slices"
)

const (
	// undoSize is about what the sidecar adds to a token for restoring the original, in
	// bytes: its signature in base64, sealed. RSA signatures are the largest.
	undoSize = 550
	// maxBodyToken is the default of claim.max_token_size.
	maxBodyToken = 6 << 10
)

// sizeTexts says how much room the tokens leave for the document.
func sizeTexts(a Analysis) (texts []string) {
	for _, line := range a.Lines {
		room := (line.Limit - line.Bytes - undoSize) * 3 / 4
		text := fmt.Sprintf("%s of %s has up to %d of at most %d bytes, so about %d bytes of document fit.", line.Location, line.Pattern, line.Bytes, line.Limit, max(0, room))
		if line.Bytes > line.Limit*nearLimit/100 {
			text += " A larger token stays without the claim: include little."
		}
		texts = append(texts, text)
	}
	for _, site := range a.Sites {
		if site.Line == 0 && site.Largest > maxBodyToken/2 {
			texts = append(texts, fmt.Sprintf("%s of %s has up to %d bytes, and claim.max_token_size is %d: raise it if tokens stay without the claim.", site.Location, site.Pattern, site.Largest, maxBodyToken))
		}
	}
	if a.LargestHeader > maxHeaders*nearLimit/100 {
		texts = append(texts, fmt.Sprintf("The header of a request had %d bytes (%s). Many servers refuse more than %d, and the document comes on top.", a.LargestHeader, a.LargestHeaderOf, maxHeaders))
	}
	return texts
}

// notes writes what came back without a setting, and what was not seen.
func (w *writer) notes(r *Report) {
	a := r.Analysis
	w.blank()
	if places := cameBackText(a); places != "" {
		w.comment("", "Tokens came back in %s. Enriched ones are restored there without a setting.", places)
	}
	for _, place := range a.Restores {
		if place.By == Never {
			w.comment("", "A token came back in %s of %s. Enriched tokens cannot be restored there, so the backend refuses them.", place.Shown, place.Pattern)
		}
	}
	for _, text := range slices.Concat(unseen(a), r.Notes) {
		w.comment("", "%s", sentence(text))
	}
}

// unseen says what a longer session could show.
func unseen(a Analysis) (texts []string) {
	if !slices.ContainsFunc(a.Refreshes, func(r Refresh) bool { return r.Seen }) {
		texts = append(texts, "No refresh was seen. If the backend has refreshes, run discover again and wait for one, or add its rule")
	}
	if len(a.Restores) == 0 {
		texts = append(texts, "No token came back in a request. If clients send it in a place of your own, such as X-Token, add it to restore.at")
	}
	if len(a.Logouts) == 0 {
		texts = append(texts, "No logout was seen. If a logout sends the token in its body, it needs a rule with restore")
	}
	texts = append(texts, a.Unreadable...)
	if a.Unread > 0 {
		texts = append(texts, fmt.Sprintf("%s could not be read, so tokens in them were not seen", count(a.Unread, "answer")))
	}
	return texts
}
