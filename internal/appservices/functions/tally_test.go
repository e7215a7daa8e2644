package functions

import "testing"

func TestTally_BoundsWhatAProcessSends(t *testing.T) {
	for _, test := range []struct {
		name     string
		m        message
		within   int // how many are within the limits
		handled  int // how many of those are not left out
		messages int
	}{
		{name: "operations", m: message{Kind: kindCommand, size: 100}, messages: 2000, within: maxOperations, handled: maxOperations},
		{name: "unknown messages", m: message{Kind: "other", size: 100}, messages: 2000, within: maxOperations, handled: maxOperations},
		{name: "lines", m: message{Kind: kindLog, size: 100}, messages: 2000, within: 2000, handled: maxLines},
		{name: "large lines", m: message{Kind: kindLog, size: maxHead}, messages: 2000, within: 2 * maxTraffic / maxHead, handled: 2 * maxTraffic / maxHead},
	} {
		var sent tally
		within, handled := 0, 0
		for range test.messages {
			if !sent.add(test.m) {
				break
			}
			if within++; !sent.drops(test.m) {
				handled++
			}
		}
		if within != test.within || handled != test.handled {
			t.Errorf("%s: %d were allowed and %d handled; want %d and %d", test.name, within, handled, test.within, test.handled)
		}
	}
}
