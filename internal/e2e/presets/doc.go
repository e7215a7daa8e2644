// Package presets runs each preset with responses of its backend, and checks that only
// the token in them changes.
package presets
