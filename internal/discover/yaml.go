package discover

import "io"

// Write writes a report as a commented configuration.
func Write(w io.Writer, r Report) error { return nil }
