// Package presets runs each preset with responses of its backend, and checks that only
// the token in them changes. It does the same with the configurations of
// docs/backends.md.
package presets
