// Check reads the prose of the repository and prints what to write otherwise. It
// exits with 1 if there is anything.
//
//	go run ./internal/prose/check [-strings] [PATH...]
//
// Paths are relative to the working directory, the default is all of it. With
// -strings it prints every text that can reach a user instead: one list, to be read
// aloud.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/tokengraft/tokengraft/internal/prose"
)

func main() {
	list := flag.Bool("strings", false, "print the texts that can reach a user")
	flag.Parse()
	paths := flag.Args()
	if len(paths) == 0 {
		paths = []string{"."}
	}
	run := check
	if *list {
		run = printStrings
	}
	code, err := run(paths)
	if err != nil {
		fmt.Fprintln(os.Stderr, "prose:", err)
		code = 1
	}
	os.Exit(code)
}

func check(paths []string) (code int, err error) {
	rules, err := prose.Rules()
	if err != nil {
		return 0, fmt.Errorf("rules.txt: %w", err)
	}
	faults, err := prose.Check(os.DirFS("."), rules, paths...)
	for _, fault := range faults {
		fmt.Println(fault)
	}
	if len(faults) > 0 {
		fmt.Printf("prose: %d places to write otherwise. The rules are in internal/prose/rules.txt.\n", len(faults))
		code = 1
	}
	return code, err
}

func printStrings(paths []string) (code int, err error) {
	texts, err := prose.Strings(os.DirFS("."), paths...)
	for _, text := range texts {
		fmt.Printf("%s:%d: %s\n", text.File, text.Line(), text)
	}
	return 0, err
}
