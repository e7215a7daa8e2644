// Package imports has the test of the layout of this repository: which packages may
// import each other, and which package may import a module from outside.
package imports
