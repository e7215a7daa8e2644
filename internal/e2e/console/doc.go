// Package console tests the console in a real browser: Debian's Chromium, driven over its
// DevTools protocol, in front of a running sidecar. Without Chromium the tests are skipped.
// Install it with `apt-get install chromium`.
//
// `make screenshots` runs TestScreenshots with -screenshots, which writes the pictures of
// docs/console.md.
package console
