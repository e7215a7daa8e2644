package discover

import (
	"context"
	"io"
	"net/url"
)

// Options are what a user asks for.
type Options struct {
	Backend  *url.URL
	Listen   string
	Requests int    // stop after so many; 0 means at the end of the context
	HAR      string // a file instead of a capture
	Secret   []byte
	// URI, Database and Collection are where the documents are. An empty URI means that
	// they are not known. An empty Collection means any.
	URI, Database, Collection string
	Stdout, Stderr            io.Writer
	Terminal                  bool // Stderr is a terminal
}

// ErrNoToken means that no token was seen.
var ErrNoToken = errNoToken{}

type errNoToken struct{}

func (errNoToken) Error() string { return "no token was seen" }

// Run watches a session and writes a configuration to Stdout.
func Run(ctx context.Context, o Options) error { return ErrNoToken }
