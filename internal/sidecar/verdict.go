package sidecar

import "net/http"

// A verdict is what the backend's answers say of a path.
type verdict int

const (
	pathUnclear verdict = iota // they do not show it
	pathKnown                  // they differ from those for a path that it does not have
	pathUnknown                // they are 404, as for a path that it does not have
)

// compare compares the status for a path with that for a path that does not exist.
func compare(got, neighbour int) verdict {
	switch {
	case got == 0 || neighbour == 0 || got >= http.StatusInternalServerError:
		return pathUnclear
	case got == http.StatusNotFound && neighbour == http.StatusNotFound:
		return pathUnknown
	case got == neighbour || got == http.StatusNotFound:
		return pathUnclear
	}
	return pathKnown
}
