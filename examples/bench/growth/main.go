//go:build linux

// Growth measures how the sidecar's cost grows with what it serves: the size of bodies and
// documents, cached users, rules, connections, changes of documents, and replicas. It
// draws each as an SVG, writes a table, and fails if something grows faster than linear.
//
//	growth -plots docs/growth -page docs/performance.md
//
// The sidecar has core 0, and backend, store and load the last core. A full run takes
// about ten minutes and 4 GiB of memory; -quick takes one, and its figures mean little.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tokengraft/tokengraft/examples/bench/internal/lab"
	"github.com/tokengraft/tokengraft/examples/bench/internal/proc"
)

// experiments are in the order of the table.
var experiments = []struct {
	name string
	run  func(*bench) ([]Figure, error)
}{
	{"bodies", bodies}, {"documents", documents}, {"users", users}, {"rules", rules},
	{"connections", connections}, {"changes", changes}, {"replicas", replicas},
}

func main() {
	quick := flag.Bool("quick", false, "few, short measurements: to see that the command works")
	only := flag.String("only", "", "the experiments to run, separated by commas; empty is all")
	plots := flag.String("plots", "", "the folder to write plots to; empty is none")
	page := flag.String("page", "", "the page whose table is replaced; empty is none")
	program := flag.String("tokengraft", "", "the program; empty builds it from this repository")
	flag.Parse()
	log.SetFlags(log.Ltime)
	if err := run(*quick, *only, *plots, *page, *program); err != nil {
		log.Fatal(err)
	}
}

func run(quick bool, only, plots, page, program string) error {
	b, err := open(quick, program)
	if err != nil {
		return err
	}
	defer b.close()
	var figures []Figure
	var errs []error
	for _, e := range experiments {
		if only != "" && !slices.Contains(strings.Split(only, ","), e.name) {
			continue
		}
		log.Printf("measuring %s", e.name)
		made, err := e.run(b)
		b.lab.Close()
		if err != nil { // other work on the machine can make one fail, so it gets a second chance
			log.Printf("measuring %s again: %v", e.name, err)
			made, err = e.run(b)
			b.lab.Close()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.name, err))
		}
		figures = append(figures, made...)
	}
	table, err := Table(figures)
	errs = append(errs, err)
	fmt.Print(table)
	if plots != "" {
		errs = append(errs, writePlots(plots, figures))
	}
	if page != "" {
		errs = append(errs, writeTable(page, table))
	}
	return errors.Join(errs...)
}

// A bench has what all experiments use.
type bench struct {
	lab     *lab.Lab
	dir     string
	program string
	quick   bool
	rounds  int
	length  time.Duration // of one measurement
	warmUp  time.Duration
}

func open(quick bool, program string) (*bench, error) {
	b := &bench{program: program, quick: quick, rounds: 3, length: 800 * time.Millisecond, warmUp: 200 * time.Millisecond}
	if quick {
		b.rounds, b.length, b.warmUp = 1, 150*time.Millisecond, 50*time.Millisecond
	}
	if err := raiseFileLimit(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "growth")
	if err != nil {
		return nil, err
	}
	b.dir = dir
	if b.lab, err = lab.New(dir, 100, 0); err == nil && program == "" {
		b.program, err = b.lab.BuildSidecar()
	}
	if err == nil {
		err = proc.PinSelf(lab.OtherCore())
	}
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *bench) close() {
	if b.lab != nil {
		b.lab.Close()
	}
	os.RemoveAll(b.dir)
}

// raiseFileLimit allows as many open files as the system does, for this process and those
// that it starts: a connection of a client takes two in the sidecar.
func raiseFileLimit() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	limit.Cur = limit.Max
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
}

// until returns the values up to a largest one, which -quick makes smaller.
func (b *bench) until(quickest float64, values ...float64) []float64 {
	if !b.quick {
		return values
	}
	return slices.DeleteFunc(values, func(v float64) bool { return v > quickest })
}
