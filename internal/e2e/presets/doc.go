// Package presets puts presets in front of their backends: of a real answer the
// token alone differs.
package presets
