// Package docs tests the documentation: every command on a page runs, every
// configuration loads, every excerpt is what the file contains, and every link
// leads somewhere.
//
// A page is one session. Its blocks run from top to bottom in an empty directory
// ~/try of the page, next to a checkout ~/tokengraft, with the sidecar, the sample programs and curl in the PATH. A
// variable that a block sets is there in the next one. Addresses on loopback are
// replaced with free ports, so pages show the usual ones.
//
// The language of a block says what is done with it, and HTML comments on the
// lines directly before it, which readers do not see, say more:
//
//	```yaml     a configuration, whole or part. It must load
//	```sh       commands that must succeed
//	```console  commands after "$ ", and their output. "…" stands for anything in
//	            a line, a line "…" for any lines
//	```go       a part of a file of the repository; requires from
//	```json, ```text, ```  nothing
//	any other   requires one of from, file, yaml, output, elsewhere and not run
//
//	<!-- test: exit 3 -->        the last command's exit code
//	<!-- test: dir=repo -->      run it in a checkout of the repository
//	<!-- test: background until "listening" -->
//	                             start the last command in the background, and wait
//	                             until it has written this
//	<!-- test: file NAME -->     write the block to a file, too
//	<!-- test: yaml -->          YAML, but not a configuration
//	<!-- test: output -->        the block before has written these lines
//	<!-- test: from PATH -->     these lines are in this file of the repository
//	<!-- test: elsewhere Name --> the test Name runs these commands
//	<!-- test: not run: why -->  nothing here can run it
//
// Comments without a block:
//
//	<!-- test: setup
//	commands that readers do not see. A line that ends with " &" is started
//	in the background, and waited for until its address accepts connections
//	-->
//	<!-- test: env NAME=VALUE -->
//	<!-- test: stop NAME -->     interrupt the program NAME in the background, as
//	                             Ctrl+C does
//
// The command go is replaced: "go run ." starts the sidecar that the tests have
// built, "go run ./examples/NAME" the sample program, and "go install ." does
// nothing. If a configuration does not name its admin listener, a free address is
// added, because the default one is the same on all pages.
package docs
