//go:build linux

// Peers measures what a request costs through tokengraft, through programs that do the
// same job, and through proxies that do less:
//
//	go run ./peers [-quick] [-only REGEXP] [-rounds N] [-write]
//
// Every proxy is a process on one core. Its processor time per request, user and system,
// is the main figure: it hardly depends on what else the machine does, and says how many
// requests a core can carry. Load and backend are on another core. Rounds are
// interleaved, with the yardstick again before each peer, so that a ratio compares
// measurements of the same two seconds.
//
// A peer that is not installed is left out, and the output says which package has it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/lab"
	"github.com/tokengraft/tokengraft/examples/bench/internal/proc"
)

func main() {
	log.SetFlags(log.Ltime)
	short := flag.Bool("quick", false, "measure for seconds instead of minutes: shows that everything works, and nothing else")
	rounds := flag.Int("rounds", full.rounds, "the number of rounds")
	write := flag.Bool("write", false, "write results/peers.md and the tables of docs/performance.md")
	only := flag.String("only", "", "measure only the tables whose name matches this regular expression; \"process\" is the last")
	flag.Parse()
	p := full
	p.rounds = *rounds
	if *short {
		p = quick
	}
	var err error
	if p.only, err = regexp.Compile(*only); err != nil {
		log.Fatal(err)
	}
	if *write && *only != "" {
		log.Fatal("-write needs all tables, so it cannot be combined with -only")
	}
	if err := run(p, *write, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(p plan, write bool, out io.Writer) error {
	if runtime.NumCPU() < 2 {
		return errors.New("one core is not enough: proxy and load would share it")
	}
	dir, err := os.MkdirTemp("", "tokengraft-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := newBench(dir, p)
	if err != nil {
		return err
	}
	defer b.Close()
	if err := proc.PinSelf(lab.OtherCore()); err != nil { // after the builds, which take all cores
		return err
	}
	r, err := b.all()
	if err != nil {
		return err
	}
	text := r.markdown()
	fmt.Fprint(out, text)
	if !write {
		return nil
	}
	return save(text)
}

// all measures everything.
func (b *bench) all() (report, error) {
	r := report{plan: b.plan, date: time.Now()}
	for _, g := range groups() {
		if !b.only.MatchString(g.name) {
			continue
		}
		t, err := b.measure(g)
		if err != nil {
			return r, fmt.Errorf("%s: %w", g.name, err)
		}
		r.tables = append(r.tables, t)
	}
	if !b.only.MatchString("process") {
		return r, nil
	}
	var err error
	r.footprint, err = b.footprint()
	return r, err
}

// save writes a report to the files of the repository that have it.
func save(text string) error {
	module := filepath.Join(lab.Root(), "examples", "bench")
	if err := os.WriteFile(filepath.Join(module, "results", "peers.md"), []byte(text), 0o644); err != nil {
		return err
	}
	name := filepath.Join(lab.Root(), "docs", "performance.md")
	page, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	changed, err := replaceBlock(string(page), text)
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(changed), 0o644)
}
