//go:build !unix

package enrichtest

// lock does nothing. Two test binaries may build the same program at once.
func lock(string) (unlock func(), err error) { return func() {}, nil }
