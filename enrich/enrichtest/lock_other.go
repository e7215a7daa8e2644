//go:build !unix

package enrichtest

// lock does nothing: two test binaries may build the same program at once.
func lock(string) (unlock func(), err error) { return func() {}, nil }
