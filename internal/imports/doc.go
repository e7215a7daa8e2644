// Package imports holds the test that keeps the layout of this repository true:
// which package may import which, and which package alone may import a module
// from outside.
package imports
