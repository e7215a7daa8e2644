package simulation_test

import "time"

// mayRemember reports whether a replica may remember that a read found no document. With
// missing_for auto, one stream must have been followed since the read.
func (o oracle) mayRemember(rd *read) bool {
	if !o.settings.ifFollowed {
		return true
	}
	for _, s := range o.streams {
		if !s.from.After(rd.started) && (s.to.IsZero() || !s.to.Before(o.x.asked)) {
			return true
		}
	}
	return false
}

// checkSignUp checks a newcomer's login that got no document although it was inserted
// before. That is right only if the replica remembers an earlier login, and does not know
// of the insertion yet.
func (o oracle) checkSignUp() {
	switch {
	case o.x.signedUp.IsZero():
	case o.settings.ifFollowed && !o.follows(o.x.asked):
		o.violated("F3", "a login %v after the sign-up got no document, and no stream was followed", o.x.asked.Sub(o.x.signedUp))
	case o.shownBefore(o.x.asked):
		o.violated("F3", "a login %v after the sign-up got no document, although the stream had shown it", o.x.asked.Sub(o.x.signedUp))
	default:
		o.tally.count("sign-up", "remembered")
	}
}

// countSignUp counts a newcomer's login that got the document, by why it had to.
func (o oracle) countSignUp() {
	switch {
	case o.x.signedUp.IsZero():
	case !o.follows(o.x.asked):
		o.tally.count("sign-up", "without a stream")
	case o.shownBefore(o.x.asked):
		o.tally.count("sign-up", "shown by the stream")
	}
}

// follows reports whether the replica followed the stream at a time.
func (o oracle) follows(at time.Time) bool {
	for _, s := range o.streams {
		if !s.from.After(at) && (s.to.IsZero() || s.to.After(at)) {
			return true
		}
	}
	return false
}

// shownBefore reports whether the insertion of the newcomer's document reached the replica
// before a time.
func (o oracle) shownBefore(at time.Time) bool {
	for _, e := range o.invalidations {
		if affects(e, []string{o.x.user}) && e.at.After(o.x.signedUp) && e.at.Before(at) {
			return true
		}
	}
	return false
}
