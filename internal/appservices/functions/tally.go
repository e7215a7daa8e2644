package functions

// A tally counts what a process sends during one call. The process keeps its limits
// itself. They are checked here too, for a process that is broken.
type tally struct{ bytes, lines, operations int }

// maxLines is how many lines for the log a call may send. The others are left out.
const maxLines = 1000

// add counts a message. It returns false if the process must not send it.
func (t *tally) add(m message) (within bool) {
	t.bytes += m.size
	if m.Kind == kindLog {
		t.lines++
	} else {
		t.operations++
	}
	return t.bytes <= 2*maxTraffic && t.operations <= maxOperations
}

// drops reports whether the last message is a line that is left out.
func (t *tally) drops(m message) bool { return m.Kind == kindLog && t.lines > maxLines }
